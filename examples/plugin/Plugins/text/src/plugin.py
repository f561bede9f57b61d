"""Functions that the runtime calls, with JSON in and out. It starts Python once,
with the first use of the plugin."""

import json
import re
import unicodedata


def aro_plugin_info():
    return {
        "name": "text",
        "actions": [{"name": "slug", "verbs": ["Slug"], "role": "own", "prepositions": ["from"]}],
        "qualifiers": [{"name": "reverse", "input_types": ["String"]}],
    }


def aro_action_slug(text):
    data = json.loads(text)["data"]
    plain = unicodedata.normalize("NFKD", data).encode("ascii", "ignore").decode().lower()
    return json.dumps(re.sub(r"[^a-z0-9]+", "-", plain).strip("-"))


def aro_plugin_qualifier(name, text):
    return {"result": json.loads(text)["value"][::-1]}
