"""AliExpress's signature of a request; pure.

Source: openservice.aliexpress.com, "Signature algorithm" and "HTTP request sample". Java's sample
there leaves out parameters without a value, and so does this; AliExpress's parameters are never
sent empty here.
"""

import hashlib
import hmac
from collections.abc import Iterable


def signature(secret: str, params: Iterable[tuple[str, str]], path: str = "") -> str:
    """The value of the parameter ``sign``.

    `path` is that of a system interface behind ``/rest``, such as ``/auth/token/create``. A
    business interface has none: its name is the parameter ``method``. A ``sign`` among `params`
    is left out, and so are the bytes of files, which do not belong there.
    """
    told = sorted((name, value) for name, value in params if name != "sign" and value)
    base = path + "".join(name + value for name, value in told)
    return hmac.new(secret.encode(), base.encode(), hashlib.sha256).hexdigest().upper()
