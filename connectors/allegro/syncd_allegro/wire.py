"""The parts of Allegro's answers that syncd reads; here, those of conversations.

Names are Allegro's, in snake case, from the published description of the REST API. Times are texts:
Allegro writes some without seconds. Whatever else an answer holds is kept in the items' raw
payloads only.
"""

import msgspec


class Wire(msgspec.Struct, frozen=True, rename="camel"):
    """Base: most of what Allegro describes may be missing or null."""


class Fault(Wire, frozen=True):
    """One entry of an error answer."""

    code: str = ""
    message: str | None = None
    user_message: str | None = None
    path: str | None = None


class Faults(Wire, frozen=True):
    """The body of an error answer."""

    errors: list[Fault]


class Ref(Wire, frozen=True):
    """Something that is named by its id."""

    id: str


class Price(Wire, frozen=True):
    """Money; the amount is kept as it is written."""

    amount: str
    currency: str


class External(Wire, frozen=True):
    """The seller's own number of an offer."""

    id: str | None = None


class Interlocutor(Wire, frozen=True):
    """The other side of a thread."""

    login: str


class Thread(Wire, frozen=True):
    """An entry of the list of threads; `read` is left out, it has been seen as a text."""

    id: str
    last_message_date_time: str | None = None
    interlocutor: Interlocutor | None = None
    """None where the buyer's account is gone."""


class ThreadPage(Wire, frozen=True):
    """A page of the threads."""

    threads: list[msgspec.Raw]


class Author(Wire, frozen=True):
    """Who wrote a message."""

    login: str = ""
    is_interlocutor: bool | str = False
    """Whether it is the other side; true and false have been seen as texts."""


class Relation(Wire, frozen=True):
    """What a message is about."""

    offer: Ref | None = None
    order: Ref | None = None


class File(Wire, frozen=True):
    """An attachment of the message centre; only a SAFE one can be fetched."""

    file_name: str
    mime_type: str | None = None
    url: str | None = None
    status: str | None = None


class CenterMessage(Wire, frozen=True):
    """A message of the message centre."""

    id: str
    created_at: str
    author: Author
    status: str | None = None
    text: str | None = None
    subject: str | None = None
    relates_to: Relation | None = None
    attachments: list[File] | None = None


class MessagePage(Wire, frozen=True):
    """A page of one thread."""

    messages: list[msgspec.Raw]


class IssueUser(Wire, frozen=True):
    """Who opened an issue."""

    id: str | None = None
    login: str | None = None


class IssueOffer(Wire, frozen=True):
    """What an issue is about."""

    id: str | None = None


class IssueState(Wire, frozen=True):
    """How far an issue is."""

    status: str | None = None
    status_due_date: str | None = None


class LastMessage(Wire, frozen=True):
    """Who spoke last, and when."""

    status: str | None = None
    created_at: str | None = None


class FirstMessage(Wire, frozen=True):
    """What an issue was opened with."""

    text: str | None = None


class IssueChat(Wire, frozen=True):
    """What the list of issues tells of the conversation."""

    last_message: LastMessage | None = None
    messages_count: int | None = None
    initial_message: FirstMessage | None = None


class Refund(Wire, frozen=True):
    """Money that the buyer wants back."""

    amount: str | None = None
    currency: str | None = None


class Expectation(Wire, frozen=True):
    """What the buyer of a claim wants."""

    name: str | None = None
    refund: Refund | None = None


class IssueReason(Wire, frozen=True):
    """Why a claim was made; disputes have none."""

    type: str | None = None


class Issue(Wire, frozen=True):
    """A dispute or a claim."""

    id: str
    opened_date: str
    type: str | None = None
    decision_due_date: str | None = None
    subject: str | None = None
    buyer: IssueUser = IssueUser()
    checkout_form: Ref | None = None
    current_state: IssueState = IssueState()
    chat: IssueChat = IssueChat()
    expectations: list[Expectation] | None = None
    description: str | None = None
    offer: IssueOffer | None = None
    reason: IssueReason | None = None


class IssuePage(Wire, frozen=True):
    """A page of the issues."""

    issues: list[msgspec.Raw]


class IssueFile(Wire, frozen=True):
    """An attachment of an issue; it has no state."""

    file_name: str
    url: str | None = None


class ChatAuthor(Wire, frozen=True):
    """Who wrote in an issue."""

    login: str | None = None
    role: str | None = None


class ChatMessage(Wire, frozen=True):
    """A message or a change of state in an issue."""

    id: str
    created_at: str
    author: ChatAuthor = ChatAuthor()
    text: str | None = None
    attachments: list[IssueFile] | None = None


class ChatPage(Wire, frozen=True):
    """A page of an issue's conversation."""

    chat: list[msgspec.Raw]


class Sent(Wire, frozen=True):
    """The answer to a send, into a thread or an issue."""

    id: str
    created_at: str | None = None
    status: str | None = None
