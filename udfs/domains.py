"""Web domains: from a host to the name that somebody registered.

Belongs here: the public suffix list applied to hosts. Does not belong here: which domains prove nothing and which
two belong to one company (seeds generic_domains and domain_aliases), and reading a host out of a website cell
(udfs/values.py).
"""

from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc
from publicsuffixlist import PublicSuffixList

DOMAIN_PARTS_TYPE = pa.struct([("domain", pa.string()), ("label", pa.string())])


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """The list that the library carries, private section included: a shop on a shared host is its own site."""
    return PublicSuffixList()


def domain_parts_of(host: str) -> tuple[str, str] | None:
    """Split one host.

    Args:
        host: a host name in lower case, without port or path.

    Returns:
        The registrable domain and its first label (foo.co.uk, foo); None when the host is itself a public suffix. An
        ending that the list does not know counts as one (its default rule).
    """
    host = host.strip(".")
    domain = _suffixes().privatesuffix(host)
    if not domain:
        return None
    return domain, domain.split(".", 1)[0]


def domain_parts(hosts: pa.Array) -> pa.Array:
    """Registrable domains of many hosts; each distinct host is looked up once.

    Args:
        hosts: varchar, host names in lower case; null stays null.

    Returns:
        struct<domain varchar, label varchar>, null where a host has no registrable domain. Source of the rule: the
        Public Suffix List (publicsuffix.org), as kept by the publicsuffixlist library.
    """
    if isinstance(hosts, pa.ChunkedArray):
        hosts = hosts.combine_chunks()
    encoded = pc.dictionary_encode(hosts)
    found = [domain_parts_of(host) for host in encoded.dictionary.to_pylist()]
    values = pa.array(
        [None if parts is None else {"domain": parts[0], "label": parts[1]} for parts in found], DOMAIN_PARTS_TYPE
    )
    return values.take(encoded.indices)
