"""What decoders want devices to be asked: one message per topic and minute, whatever the packets say."""

from collections.abc import Iterable, Iterator

from plagewatch.metering.readings import Ask

ASK_AGAIN_S = 60.0
MOST_ASKED = 1_000  # topics remembered; somebody who invents devices must not fill the memory


class Asked:
    """The topics that were asked in the last minute."""

    def __init__(self) -> None:
        self._asked_s: dict[str, float] = {}

    def due(self, asks: Iterable[Ask], now_s: float) -> Iterator[Ask]:
        """Those that may be asked now, noted as asked."""
        for asked in asks:
            since_s = now_s - self._asked_s.get(asked.topic, -ASK_AGAIN_S)
            if 0 <= since_s < ASK_AGAIN_S:
                continue
            if len(self._asked_s) >= MOST_ASKED:
                self._asked_s = {topic: at_s for topic, at_s in self._asked_s.items() if now_s - at_s < ASK_AGAIN_S}
            if len(self._asked_s) >= MOST_ASKED:
                return
            self._asked_s[asked.topic] = now_s
            yield asked
