"""What the run showed: record, measure, collect, judge, render."""
