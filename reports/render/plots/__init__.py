"""The charts of a report, drawn as SVG when it is rendered: they need no library, print sharply and follow the colours.

`axes` places values, `drawing` says what a chart consists of, `over_time`, `curves` and `rows` draw them from a
report's chart data; `templates/plots.html` writes the markup, and `templates/report.js` shows values under the pointer.
"""
