"""The order in which the origin's secret changes hands, so that no request is refused meanwhile.

    createSecret   a new value, AWSPENDING in Secrets Manager
    setSecret      WAF accepts the old value, the new one and what the distribution sends now, which is a third one
                   after a rotation that ended half-way; everywhere so, the distribution is told to send the new one
    testSecret     waits until every edge location sends the new one
    finishSecret   the new value becomes AWSCURRENT (what a later deployment reads); WAF drops every other

Every step may come twice or come after a failure, and then does what is still missing.
"""

from functions.rotate.edge import Edge
from functions.rotate.secret import OriginSecret


class UnknownStepError(Exception):
    """Secrets Manager asked for a step that rotation does not have."""


def take_step(step: str, *, secret: OriginSecret, edge: Edge) -> None:
    """Take one step. Raises UnknownStepError, or what AWS answers; Secrets Manager then tries the rotation again."""
    match step:
        case "createSecret":
            secret.ensure_pending()
        case "setSecret":
            edge.accept([secret.current(), secret.pending(), *edge.sent()])
            edge.send(secret.pending())
        case "testSecret":
            edge.wait_until_sending(secret.pending())
        case "finishSecret":
            value = secret.pending()
            edge.wait_until_sending(value)  # a deployment in between may have put the old value back
            secret.promote()
            edge.accept([value])
        case _:
            raise UnknownStepError(step)
