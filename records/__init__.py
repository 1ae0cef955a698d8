"""What a run is made of: the record of one operation, the envelope of a message, and how both travel to the reports.

Users produce it, reports consume it, and neither knows the other.
"""
