"""Connectors and fakes, held against the API descriptions that platforms publish.

What a connector asks AND what its fake answers is checked twice: by openapi-core here, in the
normal suite, and by Prism as a validating proxy in between (``make contract``). The descriptions
are not kept in this repository: tests are skipped where ``../shared/specs`` is not there.

To add a connector, write ``NAME.py`` with a `declaration.Contract` called ``CONTRACT``, and name it
in `ALL` below:

- ``descriptions``: the files, each with the beginning of its paths; a ``fix`` where one is not
  valid as it is published (in memory only).
- ``client``: the class whose public methods are the connector's calls; a play leaves none out.
- ``play``: everything that the connector ever asks. It makes the fake, and an account on what
  ``front(fake)`` gives in place of the fake's own address.
- ``calls``: the calls that this has to bring about. One that is missing, and one that nobody
  declared, is a failure: so the list is the connector's whole set.
- ``beside``: beginnings of paths that no description covers, such as the login.
"""

from tests.contract import allegro, amazon, ebay

ALL = [allegro.CONTRACT, amazon.CONTRACT, ebay.CONTRACT]
