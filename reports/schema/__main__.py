"""`python -m reports.schema` writes the published JSON Schema anew, after the types have changed."""

from __future__ import annotations

from reports.schema.published import FILE, generate

if __name__ == "__main__":
    FILE.write_text(generate(), encoding="utf-8")
