"""Render: how a report looks as HTML, Markdown, JUnit and on a console. Everything shown comes from report.json."""
