"""A whole message of the contract with texts safe for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from clients.terminal.told_text import told

if TYPE_CHECKING:
    from google.protobuf.message import Message

    _Message = TypeVar("_Message", bound=Message)


def told_message(message: _Message) -> _Message:
    """The message itself, each text in it without what steers a terminal."""
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for each in value if field.is_repeated else (value,):
                told_message(each)
        elif field.type == field.TYPE_STRING and field.is_repeated:
            value[:] = [told(text) for text in value]
        elif field.type == field.TYPE_STRING and (harmless := told(value)) != value:
            setattr(message, field.name, harmless)
    return message
