"""The order in which the origin's secret changes hands, so that no request is refused in between.

    createSecret   a new value, AWSPENDING in Secrets Manager
    setSecret      WAF accepts every value that an edge location or a deployment may send, and the new one; when the API
                   answers to the new one, the distribution is told to send it
    testSecret     waits until every edge location sends the new one
    finishSecret   the new value becomes AWSCURRENT (what a later deployment reads); WAF accepts it, the one before it
                   until the next rotation, and what CloudFormation wrote last

Every step may come twice or come after a failure, and then does what is still missing. ``compare`` is no step of a
rotation: it runs after each deployment, which may have restored the value that CloudFormation wrote before, and puts
the current one back. It retires nothing.
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
            edge.wait_until_deployed()  # a rotation that ended half-way may still be on its way to edge locations
            edge.accept([secret.pending(), *secret.labelled(), *edge.written()])
            edge.wait_until_accepted(secret.pending())
            edge.send(secret.pending())
        case "testSecret":
            edge.wait_until_sending(secret.pending())
        case "finishSecret":
            edge.wait_until_sending(secret.pending())  # a deployment in between may have put an old value back
            secret.promote()
            edge.accept([*secret.in_use(), *edge.written()])
        case "compare":
            _compare(secret, edge)
        case _:
            raise UnknownStepError(step)


def _compare(secret: OriginSecret, edge: Edge) -> None:
    """Accept what is sent, and send the current value. While a rotation runs, its own steps decide what is sent."""
    edge.accept_also([*secret.labelled(), *edge.written()])
    if not secret.is_rotating():
        edge.send(secret.current())
