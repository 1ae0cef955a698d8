"""Schema: the form of report.json, as types. The published JSON Schema beside them is generated from them.

They are TypedDicts: a report is plain dictionaries and lists, as JSON has them, and the type checker holds whoever
makes or reads one to its form. A key that is `NotRequired` may be missing in reports of earlier versions.
"""
