"""Superset's settings, which it reads when it starts (SUPERSET_CONFIG_PATH).

Belongs here: where its own files lie, and that nothing leaves this machine. Does not belong here: secrets; they lie in
the workspace's `var/bi`, named by ACCOUNT_MAPPING_BI.
"""

import os
from pathlib import Path

FOLDER = Path(os.environ["ACCOUNT_MAPPING_BI"])
SECRET_KEY = (FOLDER / "secret_key").read_text(encoding="utf-8")
SQLALCHEMY_DATABASE_URI = f"sqlite:///{FOLDER / 'superset.db'}"

# A page may load from this server alone: the browser refuses Superset's usage pixel, and outside maps, fonts, pictures.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
SESSION_COOKIE_SAMESITE = "Strict"
# No answer is kept: what is shown is what is published.
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
APP_NAME = "Account mapping"
FAB_API_SWAGGER_UI = False
