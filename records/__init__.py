"""The data that users produce and reports consume: the record of an operation, the envelope of a message.

It also says how both travel to the reports. Users and reports do not know each other.
"""
