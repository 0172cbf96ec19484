"""The questions to an SNMP agent: walks through the columns of IF-MIB (RFC 2863)."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from pyasn1.error import PyAsn1Error
from pyasn1.type.univ import Integer, Null, OctetString
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch import asyncio as pysnmp

from collector.enrich.interfaces import Interface
from collector.enrich.names import LENGTH, LIMIT
from collector.enrich.snmp import Access, SnmpError

Column = tuple[int, ...]
NAME, ALIAS, HIGH_SPEED = ((1, 3, 6, 1, 2, 1, 31, 1, 1, 1, column) for column in (1, 18, 15))
DESCRIPTION = (1, 3, 6, 1, 2, 1, 2, 2, 1, 2)
"""ifDescr: what agents older than ifName have."""
MEGABIT = 10**6
"""Unit of ifHighSpeed."""
ROWS = 25
"""Asked for in one request: with names of usual length the answer fits a packet."""
RETRIES = 1
AUTH = {
    "MD5": pysnmp.usmHMACMD5AuthProtocol,
    "SHA": pysnmp.usmHMACSHAAuthProtocol,
    "SHA224": pysnmp.usmHMAC128SHA224AuthProtocol,
    "SHA256": pysnmp.usmHMAC192SHA256AuthProtocol,
    "SHA384": pysnmp.usmHMAC256SHA384AuthProtocol,
    "SHA512": pysnmp.usmHMAC384SHA512AuthProtocol,
}
PRIV = {
    "DES": pysnmp.usmDESPrivProtocol,
    "AES": pysnmp.usmAesCfb128Protocol,
    "AES192": pysnmp.usmAesCfb192Protocol,
    "AES256": pysnmp.usmAesCfb256Protocol,
}


class Walks:
    """Asks agents, many at a time, from one event loop."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._engine = pysnmp.SnmpEngine()
        self._credentials = _credentials(access)

    async def interfaces(self, address: str) -> Mapping[int, Interface]:
        """By ifIndex. SnmpError where the agent does not answer."""
        try:
            target = await self._target(address)
            names = await self._texts(target, NAME) or await self._texts(target, DESCRIPTION)
            aliases, speeds = await self._texts(target, ALIAS), await self._numbers(target, HIGH_SPEED)
        except (PySnmpError, PyAsn1Error, OSError) as error:
            raise SnmpError(str(error)) from error
        return {
            index: Interface(name, aliases.get(index), MEGABIT * speeds.get(index, 0) or None)
            for index, name in names.items()
        }

    def close(self) -> None:
        """Give up the sockets."""
        self._engine.close_dispatcher()

    async def _target(self, address: str) -> Any:
        kind = pysnmp.Udp6TransportTarget if ":" in address else pysnmp.UdpTransportTarget
        place = address, self._access.port
        return await kind.create(place, timeout=self._access.timeout, retries=RETRIES)

    async def _texts(self, target: Any, column: Column) -> dict[int, str]:
        """The texts of a column by ifIndex, empty ones left out."""
        found = {i: _text(bytes(one)) async for i, one in self._walk(target, column) if isinstance(one, OctetString)}
        return {index: text for index, text in found.items() if text}

    async def _numbers(self, target: Any, column: Column) -> dict[int, int]:
        """The numbers of a column by ifIndex."""
        return {index: int(one) async for index, one in self._walk(target, column) if isinstance(one, Integer)}

    async def _walk(self, target: Any, column: Column) -> AsyncIterator[tuple[int, Any]]:
        context, start = pysnmp.ContextData(), pysnmp.ObjectType(pysnmp.ObjectIdentity(column))
        answers = pysnmp.bulk_walk_cmd(
            self._engine, self._credentials, target, context, 0, ROWS, start,
            lookupMib=False, lexicographicMode=False, maxRows=LIMIT,
        )  # fmt: skip
        async for wrong, status, _, cells in answers:
            if wrong or status:
                raise SnmpError(str(wrong or status.prettyPrint()))
            for name, value in cells:
                place = tuple(name)
                if place[:-1] == column and not isinstance(value, Null):  # which the marks of an end are
                    yield place[-1], value


def _credentials(access: Access) -> Any:
    if access.user is None:
        return pysnmp.CommunityData(access.community, mpModel=1)  # noqa: S508 - many agents know no more
    return pysnmp.UsmUserData(
        access.user,
        access.auth_password,
        access.priv_password,
        authProtocol=AUTH[access.auth_protocol] if access.auth_password else pysnmp.usmNoAuthProtocol,
        privProtocol=PRIV[access.priv_protocol] if access.priv_password else pysnmp.usmNoPrivProtocol,
    )


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace").strip("\0 ")[:LENGTH]
