"""The parts of the answers of AliExpress's old messages that syncd reads; see `wire`."""

import msgspec

from syncd_aliexpress.wire import Flag, Id, Listed, Wire


class Threads(Wire, frozen=True):
    """The result of querymsgrelationlist."""

    is_success: Flag | None = None
    error_code: Id | None = None
    error_msg: str | None = None
    relation_list: Listed[msgspec.Raw] = None


class ThreadList(Wire, frozen=True):
    """The answer of aliexpress.message.redefining.versiontwo.querymsgrelationlist."""

    result: Threads


class Thread(Wire, frozen=True):
    """A conversation of the old message centre."""

    channel_id: Id
    message_time: int
    """Milliseconds since 1970."""
    last_message_id: Id | None = None
    other_ali_id: Id | None = None
    other_login_id: str | None = None
    other_name: str | None = None


class Messages(Wire, frozen=True):
    """The result of querymsgdetaillist."""

    is_success: Flag | None = None
    error_code: Id | None = None
    error_msg: str | None = None
    message_detail_list: Listed[msgspec.Raw] = None


class MessageList(Wire, frozen=True):
    """The answer of aliexpress.message.redefining.versiontwo.querymsgdetaillist(bybuyerid)."""

    result: Messages


class Picture(Wire, frozen=True):
    """A picture, in three sizes."""

    l_path: str | None = None


class Said(Wire, frozen=True):
    """A message."""

    id: Id
    gmt_create: int
    """Milliseconds since 1970."""
    sender_ali_id: Id | None = None
    sender_name: str | None = None
    content: str | None = None
    message_type: str | None = None
    extern_id: Id | None = None
    file_path_list: Listed[Picture] = None
    summary: "Summary | None" = None


class Summary(Wire, frozen=True):
    """What a message's surroundings are."""

    sender_login_id: str | None = None


class Added(Wire, frozen=True):
    """The answer of aliexpress.message.redefining.versiontwo.addmsg."""

    is_success: Flag
    channel_id: Id | None = None
    error_msg: str | None = None
    sub_error_code: Id | None = None
