"""Files at addresses (object stores, web servers): found, fetched into a local folder, and proven unchanged meanwhile.

``s3://``, ``gs://``, ``abfs://``, ``hdfs://`` and ``file://`` are read by pyarrow, ``http(s)://`` by Python itself, everything else by
fsspec (extra ``stores``). A file is copied byte by byte in chunks, so that memory stays bounded and the hash is that of the file at its
place.

Credentials come from the environment alone: the stores' own variables, or a whole address as ``env:NAME``. An address that carries one is
refused, and nothing that is said of an address shows its user, password or query.
"""

import base64
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol, TypeVar, cast
from urllib.error import HTTPError
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import Request, urlopen

import pyarrow.fs

from data.errors import MallReachError, MappingError, SourceError
from data.sources import SUFFIXES

CHUNK = 1 << 20

_T = TypeVar("_T")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+)://")
_REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_SECRET_PARAMETER = re.compile(r"sig|secret|token|passw|pwd|key|credential|auth", re.IGNORECASE)
_SECRET_VARIABLE = re.compile(r"secret|token|passw|_pwd$|(^|_)key(_|$)|apikey|signature", re.IGNORECASE)
_DSN_PASSWORD = re.compile(r"password\s*=\s*('(?:[^'\\]|\\.)*'|\S+)", re.IGNORECASE)
_SHORTEST_SECRET = 4
_TIMEOUT_S = 30
_PYARROW = ("s3", "gs", "gcs", "abfs", "abfss", "hdfs", "file")
_WEB = ("http", "https")
_DENIED = (
    "ACCESS_DENIED",
    "access denied",
    "INVALID_ACCESS_KEY_ID",
    "SIGNATURE_DOES_NOT_MATCH",
    "FORBIDDEN",
    "HTTP status 401",
    "HTTP status 403",
)
_UNREACHABLE = (
    "NETWORK_CONNECTION",
    "Could not connect",
    "Connection refused",
    "resolve host",
    "timed out",
    "urlopen error",
    "not known",
)
_MISSING = ("NO_SUCH_BUCKET", "NO_SUCH_KEY", "RESOURCE_NOT_FOUND", "HTTP status 404", "does not exist")


def is_remote(text: str) -> bool:
    """Whether a text names something to be fetched: an address with a scheme, or ``env:NAME``."""
    return bool(_SCHEME.match(text) or text.startswith("env:"))


def refuse_credentials(text: str, place: str) -> None:
    """Refuse an address that carries a credential, without repeating it.

    Raises
    ------
    MappingError
        If the address has a password, or a query with what looks like a signature, a key or a token.
    """
    if text.startswith("env:"):
        if not _REFERENCE.fullmatch(text):
            raise MappingError(f"{place}: after env: the name of an environment variable is needed, such as env:ORDERS_URL")
        return
    parts = _parts(text, place)
    # A password may hold an unescaped slash: then the server's part seems to end within it, and the @ stands in the path.
    has_password = ":" in parts.netloc and "@" in text
    if has_password or any(_SECRET_PARAMETER.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise MappingError(
            f"{place}: an address with a credential in it does not belong in a file; put the whole address into an environment variable "
            'and name that: "env:NAME"'
        )


def environment(reference: str, place: str) -> str:
    """Return the value of ``env:NAME``; ``MappingError`` if the variable is not set."""
    found = _REFERENCE.fullmatch(reference)
    value = os.environ.get(found.group(1), "").strip() if found else ""
    if not found or not value:
        name = found.group(1) if found else "(no name)"
        raise MappingError(f"{place}: the environment variable {name} is not set; credentials are taken from the environment only")
    return value


def redacted(text: str, *secrets: str) -> str:
    """Return a text in which no secret stands: none of those given, none in an environment variable whose name tells that it holds one."""
    known = [value for name, value in os.environ.items() if _SECRET_VARIABLE.search(name)]
    known += [piece for secret in secrets for piece in _pieces(secret)]
    for secret in sorted({each for each in known if len(each) >= _SHORTEST_SECRET}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _pieces(secret: str) -> list[str]:
    """Return everything in an address or connection string that must not be shown, however it may be cut up or encoded."""
    pieces = [secret, *(each.group(1).strip("'") for each in _DSN_PASSWORD.finditer(secret))]
    if "://" in secret:
        rest = secret.partition("://")[2]
        user, at, _ = rest.rpartition("@")
        if at:
            password = user.partition(":")[2]
            # An unescaped @ or / in a password makes others cut the address elsewhere, and show the pieces.
            pieces += [password, *re.split(r"[@/:?#]", password)]
        pieces += [value for name, value in parse_qsl(rest.partition("?")[2]) if _SECRET_PARAMETER.search(name)]
    return [form for piece in pieces for form in (piece, unquote(piece), quote(piece, safe=""))]


def attempt(shown: str, action: Callable[[], _T], *secrets: str) -> _T:
    """Do something that may fail far away; say so in one sentence without secrets.

    The error is raised outside the handler, so that the one it stands for, which may quote a credential, is not attached to it.

    Raises
    ------
    SourceError
        If the action fails.
    """
    try:
        return action()
    except MallReachError:
        raise
    except Exception as error:  # noqa: BLE001 -- every store has errors of its own; each becomes the sentence below
        reason = redacted(_reason(error), *secrets)
    raise SourceError(f"{shown}: {reason}")


def _reason(error: Exception) -> str:
    text = str(error)
    if isinstance(error, PermissionError) or any(word in text for word in _DENIED):
        return "access was denied; check the rights and the credentials in the environment"
    if isinstance(error, FileNotFoundError) or any(word in text for word in _MISSING):
        return "there is no such file"
    if isinstance(error, ConnectionError | TimeoutError) or any(word in text for word in _UNREACHABLE):
        return f"the address cannot be reached ({_first_line(text)})"
    return f"the file cannot be fetched ({_first_line(text)})"


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[0][:300]


def _parts(url: str, place: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        fault = f"{place}: the address is not valid"
    raise MappingError(fault)


@dataclass(frozen=True)
class Address:
    """Where files stand.

    Attributes
    ----------
    shown
        The address as it may be shown: without user, password and query, or ``env:NAME``.
    url
        The whole address; may hold a credential and is never shown.
    """

    shown: str
    url: str = field(repr=False)

    @classmethod
    def of(cls, text: str, place: str) -> "Address":
        """Return the address that a text names.

        Raises
        ------
        MappingError
            If it carries a credential, or names a variable that is not set.
        """
        refuse_credentials(text, place)
        if text.startswith("env:"):
            url = environment(text, place)
            if not _SCHEME.match(url):
                raise MappingError(f"{place}: {text} holds no address such as s3://bucket/orders.parquet")
            return cls(text, url)
        parts = _parts(text, place)
        return cls(urlunsplit((parts.scheme, parts.netloc, unquote(parts.path), "", "")), text)


@dataclass(frozen=True)
class RemoteFile:
    """One file at an address: its path there, its name, and how it may be called before others."""

    path: str
    name: str
    shown: str


class Store(Protocol):
    """What a kind of address can do; every method may raise whatever its library does."""

    def files(self) -> list[RemoteFile]:
        """Return the files that the address names: itself, those in its folder, or those that fit its pattern."""

    def stamp(self, file: RemoteFile) -> tuple[int | None, str]:
        """Return the file's bytes (None: unknown) and whatever changes with its content: time, ETag."""

    def open(self, file: RemoteFile) -> IO[bytes]:
        """Return the file's content as a stream."""


def store(address: Address) -> Store:
    """Return the store that an address stands in.

    Raises
    ------
    SourceError
        If there is no library for it.
    """
    scheme = address.url.partition("://")[0].lower()
    if scheme in _WEB:
        return _Web(address)
    if scheme in _PYARROW:
        return attempt(address.shown, lambda: _PyarrowStore.of(address), address.url)
    return attempt(address.shown, lambda: _FsspecStore.of(address, scheme), address.url)


def fetched(address: Address, folder: Path, say: Callable[[str], None]) -> dict[Path, RemoteFile]:
    """Copy every file that an address names into a folder.

    Parameters
    ----------
    address
        A file, a folder (ends with a slash) or a pattern with ``*``.
    folder
        Where the copies are put; made if it is not there.
    say
        Told what is being fetched.

    Returns
    -------
    dict
        Local path: file at the address, in order of its path.

    Raises
    ------
    SourceError
        If there is no such file, it cannot be read, or it changes meanwhile.
    """
    at = store(address)
    found = attempt(address.shown, at.files, address.url)
    if not found:
        raise SourceError(f"{address.shown}: there is no such file")
    copies = {}
    for number, file in enumerate(found):
        say(f"fetching {file.name}")
        # A folder of its own for each, because two files of one name may stand in two folders.
        path = folder / str(number) / file.name
        path.parent.mkdir(parents=True)
        with path.open("wb") as copy:
            for chunk in unchanged(at, file, address):
                copy.write(chunk)
        copies[path] = file
    return copies


def unchanged(at: Store, file: RemoteFile, address: Address) -> Iterator[bytes]:
    """Yield a file's content in chunks; raise ``SourceError`` at the end if it is not what stood there at the beginning."""
    before = attempt(file.shown, lambda: at.stamp(file), address.url)
    read = 0
    with closing(attempt(file.shown, lambda: at.open(file), address.url)) as stream:
        while chunk := attempt(file.shown, lambda: stream.read(CHUNK), address.url):
            read += len(chunk)
            yield chunk
    if before[0] is not None and read < before[0]:
        raise SourceError(f"{file.shown}: the file broke off after {read:,} of {before[0]:,} bytes; load again")
    if attempt(file.shown, lambda: at.stamp(file), address.url) != before or before[0] not in (None, read):
        raise SourceError(changed(file.shown))


def changed(shown: str) -> str:
    """Return the sentence about a file that was written to while it was read."""
    return f"{shown}: the file changed while it was read; load again when nobody writes to it"


def _wanted(paths: Sequence[str], pattern: str) -> list[str]:
    """Return which of a folder's files a pattern names, each part of the path for itself; a folder names all that can be loaded."""
    if pattern.endswith("/"):
        return sorted(path for path in paths if path.lower().endswith(SUFFIXES) and "/." not in path.removeprefix(pattern))
    wanted = pattern.split("/")
    return sorted(
        path
        for path in paths
        if len(path.split("/")) == len(wanted) and all(fnmatchcase(*pair) for pair in zip(path.split("/"), wanted, strict=True))
    )


def _stem(pattern: str) -> str:
    """Return the folder above the first part with a wildcard."""
    return pattern.partition("*")[0].rpartition("/")[0]


@dataclass(frozen=True)
class _PyarrowStore:
    address: Address
    filesystem: Any
    pattern: str

    @classmethod
    def of(cls, address: Address) -> "_PyarrowStore":
        filesystem, path = _pyarrow_filesystem(address.url)
        return cls(address, filesystem, path + "/" * (address.url.partition("?")[0].endswith("/") and not path.endswith("/")))

    def files(self) -> list[RemoteFile]:
        paths = [self.pattern]
        if self.pattern.endswith("/") or "*" in self.pattern:
            selector = pyarrow.fs.FileSelector(_stem(self.pattern) if "*" in self.pattern else self.pattern.rstrip("/"), recursive=True)
            found = [each.path for each in self.filesystem.get_file_info(selector) if each.type == pyarrow.fs.FileType.File]
            paths = _wanted(found, self.pattern)
        return [_file(self.address, path) for path in paths]

    def stamp(self, file: RemoteFile) -> tuple[int | None, str]:
        (info,) = self.filesystem.get_file_info([file.path])
        if info.type != pyarrow.fs.FileType.File:
            raise FileNotFoundError(file.name)
        return info.size, str(info.mtime_ns)

    def open(self, file: RemoteFile) -> IO[bytes]:
        return cast("IO[bytes]", self.filesystem.open_input_stream(file.path, compression=None))


def _pyarrow_filesystem(url: str) -> tuple[Any, str]:
    """Return the filesystem of an address and the path in it; what the address does not say is taken from the environment."""
    parts = urlsplit(url)
    pattern = unquote(parts.path)
    key, signature = os.environ.get("AZURE_STORAGE_KEY"), os.environ.get("AZURE_STORAGE_SAS_TOKEN")
    if parts.scheme in ("abfs", "abfss") and parts.username and (key or signature):
        account = (parts.hostname or "").partition(".")[0]
        filesystem = pyarrow.fs.AzureFileSystem(account, account_key=key, sas_token=None if key else signature)
        return filesystem, f"{parts.username}{pattern}"
    if parts.scheme == "s3":
        # Without a region pyarrow asks Amazon for it, also where another endpoint is meant.
        query = dict(parse_qsl(parts.query))
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        query |= {"region": region} if region and "region" not in query else {}
        parts = parts._replace(query=urlencode(query))
    # The path is put back afterwards, because an address may not hold a pattern's characters.
    filesystem, path = pyarrow.fs.FileSystem.from_uri(urlunsplit(parts._replace(path=quote(pattern, safe="/"))))
    return filesystem, unquote(path)


@dataclass(frozen=True)
class _FsspecStore:
    address: Address
    filesystem: Any
    pattern: str

    @classmethod
    def of(cls, address: Address, scheme: str) -> "_FsspecStore":
        try:
            import fsspec  # noqa: PLC0415 -- an extra: only whoever names such an address needs it
        except ImportError:
            fault = f"{address.shown}: addresses of {scheme}:// need the extra `stores`; install it with `make extras`"
            raise SourceError(fault) from None
        if scheme not in fsspec.available_protocols():
            raise MappingError(f"{address.shown}: there is no kind of address {scheme}://")
        try:
            filesystem, path = fsspec.core.url_to_fs(address.url, use_listings_cache=False)
        except ImportError as error:
            raise SourceError(f"{address.shown}: addresses of {scheme}:// need another package ({error})") from None
        return cls(address, filesystem, path + "/" * (address.url.endswith("/") and not path.endswith("/")))

    def files(self) -> list[RemoteFile]:
        paths = [self.pattern]
        if self.pattern.endswith("/") or "*" in self.pattern:
            stem = _stem(self.pattern) if "*" in self.pattern else self.pattern.rstrip("/")
            paths = _wanted(self.filesystem.find(stem), self.pattern)
        return [_file(self.address, path) for path in paths]

    def stamp(self, file: RemoteFile) -> tuple[int | None, str]:
        self.filesystem.invalidate_cache()
        return self.filesystem.size(file.path), str(self.filesystem.ukey(file.path))

    def open(self, file: RemoteFile) -> IO[bytes]:
        return cast("IO[bytes]", self.filesystem.open(file.path, "rb"))


def _file(address: Address, path: str) -> RemoteFile:
    name = PurePosixPath(path).name
    if "/" not in address.shown:  # env:NAME
        return RemoteFile(path, name, f"{address.shown} {name}")
    scheme = address.shown.partition("://")[0]
    return RemoteFile(path, name, address.shown if "*" not in address.shown and not address.shown.endswith("/") else f"{scheme}://{path}")


@dataclass(frozen=True)
class _Web:
    """One file on a web server; servers have no folders to list."""

    address: Address

    def files(self) -> list[RemoteFile]:
        path = unquote(urlsplit(self.address.url).path)
        if "*" in path or path.endswith("/"):
            raise SourceError(f"{self.address.shown}: a web server lists no files; name one file, or each of them in an entry of its own")
        return [_file(self.address, path)]

    def stamp(self, file: RemoteFile) -> tuple[int | None, str]:
        # Not HEAD: addresses that are signed for reading do not allow it, so the content is asked for and left.
        with closing(self.open(file)) as answer:
            headers = cast("Any", answer).headers
            length = headers.get("Content-Length")
            return (int(length) if length else None), "|".join(headers.get(name, "") for name in ("ETag", "Last-Modified"))

    def open(self, file: RemoteFile) -> IO[bytes]:
        parts = urlsplit(self.address.url)
        host = parts.netloc.rpartition("@")[2]
        request = Request(urlunsplit((parts.scheme, host, quote(file.path, safe="/%:@+,;=~!$&'()*"), parts.query, "")))  # noqa: S310 -- only http(s)
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            # Not passed on to where a redirection leads.
            request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
        try:
            return cast("IO[bytes]", urlopen(request, timeout=_TIMEOUT_S))  # noqa: S310 -- only http(s)
        except HTTPError as error:
            with closing(error):
                status = f"HTTP status {error.code}"
        except HTTPException as error:
            status = type(error).__name__
        raise OSError(status)
