"""How each system check of this package is brought about and put right."""

MIDDLEWARE = "ninja_boost_security_headers.middleware.SecurityHeadersMiddleware"


def headers(**options):
    return {"NINJA_BOOST": {"SECURITY_HEADERS": options}}


CASES = [
    (
        "ninja_boost_security_headers.W001",
        headers(HSTS_PRELOAD=True, HSTS_MAX_AGE=60, HSTS_INCLUDE_SUBDOMAINS=False),
        "Set HSTS_MAX_AGE to 31536000 or more, and HSTS_INCLUDE_SUBDOMAINS to True.",
        headers(HSTS_PRELOAD=True, HSTS_MAX_AGE=31536000, HSTS_INCLUDE_SUBDOMAINS=True),
    ),
    (
        "ninja_boost_security_headers.W002",
        headers(FRAME_OPTIONS="ALLOWALL"),
        "Set it to None, and say who may frame pages in CSP: frame-ancestors ...",
        headers(FRAME_OPTIONS=None, CSP="frame-ancestors https://partner.example"),
    ),
    (
        "ninja_boost_security_headers.W003",
        {"MIDDLEWARE": []},
        f"Add '{MIDDLEWARE}'",
        {"MIDDLEWARE": [MIDDLEWARE]},
    ),
    (
        "ninja_boost_security_headers.W003",
        {"MIDDLEWARE": []},
        "or name 'security_headers' in NINJA_BOOST['DISABLED_FEATURES'].",
        {"NINJA_BOOST": {"DISABLED_FEATURES": ["security_headers"]}},
    ),
]
