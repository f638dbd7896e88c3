"""Widgets that survive an error in one of their own handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.message import Message
    from textual.message_pump import MessagePump

    _Base = MessagePump
else:
    _Base = object


class Contained(_Base):
    """Goes on with the next message when the handler of one has failed.

    Textual ends the message loop of a widget after an error in a handler, since it ends the app. Screens and panes, and
    the lines around them, must still answer afterwards. The app learns of the error as of every other one.
    """

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            self.app._handle_exception(error)
