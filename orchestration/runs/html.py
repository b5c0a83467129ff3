"""The look of the pages that are written: one file each, which opens without a network.

Belongs here: head, style, that everything is escaped, and how a page's file is named. Does not belong here: what a page
says.
"""

import hashlib
import re

import jinja2

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{% block title %}{% endblock %}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1c2430; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .4rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; vertical-align: top; }
th { border-bottom: 2px solid #ccd3dc; }
td { border-bottom: 1px solid #e6eaef; overflow-wrap: anywhere; white-space: pre-line; min-width: 6.5rem; }
td.number, th.number { min-width: 0; text-align: right; font-variant-numeric: tabular-nums; }
li { margin: .4rem 0; } .how { color: #4a5768; overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: .5rem 2rem; padding: 0; list-style: none; }
.figures b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.met { color: #1a6b3c; } .unmet { color: #a5281b; font-weight: 600; }
</style>
</head>
<body>
{% block body %}{% endblock %}
</body>
</html>
"""
# Partners' file names and values are hostile: nothing is written as it is.
_PAGES = jinja2.Environment(
    autoescape=True, undefined=jinja2.StrictUndefined, loader=jinja2.DictLoader({"frame": _FRAME})
)


def page_of(blocks: str) -> jinja2.Template:
    """Make a page that loads nothing: no script, image or address.

    Args:
        blocks: Jinja text with the blocks `title` and `body`.

    Returns:
        The template; every value in it is escaped.
    """
    return _PAGES.from_string("{% extends 'frame' %}" + blocks)


def safe_name(name: str) -> str:
    """Turn any text into a file name.

    Args:
        name: any text.

    Returns:
        Readable, short, and different for different texts.
    """
    readable = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[:80]
    unchanged = readable == name
    return readable if unchanged else f"{readable}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
