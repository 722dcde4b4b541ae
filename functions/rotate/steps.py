"""The steps of a rotation, in an order in which no request is rejected.

    createSecret   creates a new value, AWSPENDING in Secrets Manager
    setSecret      lets WAF accept every value that an edge location or a deployment may send, and the new one; once WAF
                   accepts the new one, lets the distribution send it
    testSecret     waits until every edge location sends the new one
    finishSecret   makes the new value AWSCURRENT (later deployments read it); WAF accepts it, the previous one until
                   the next rotation, and the one that CloudFormation wrote last

Every step can be repeated, and completes an attempt that failed. ``compare`` is not a step of a rotation: it runs after
each deployment, which may have restored an earlier value, and restores the current one. It withdraws no value.
"""

from functions.rotate.edge import Edge
from functions.rotate.secret import OriginSecret
from functions.shared.errors import FUNCTION_ERROR, ImageScalerError


class UnknownStepError(ImageScalerError):
    """Secrets Manager requested a step that a rotation does not have."""

    handled = (FUNCTION_ERROR,)


def take_step(step: str, *, secret: OriginSecret, edge: Edge) -> None:
    """Take one step. Raises UnknownStepError or an error of AWS; Secrets Manager then repeats the rotation."""
    match step:
        case "createSecret":
            secret.ensure_pending()
        case "setSecret":
            edge.wait_until_deployed()  # a change of an interrupted rotation may still be deploying
            edge.accept([secret.pending(), *secret.labelled(), *edge.written()])
            edge.wait_until_accepted(secret.pending())
            edge.send(secret.pending())
        case "testSecret":
            edge.wait_until_sending(secret.pending())
        case "finishSecret":
            edge.wait_until_sending(secret.pending())  # a deployment may have restored an old value
            secret.promote()
            edge.accept([*secret.in_use(), *edge.written()])
        case "compare":
            _compare(secret, edge)
        case _:
            raise UnknownStepError(step)


def _compare(secret: OriginSecret, edge: Edge) -> None:
    """Accept the values that are sent, and send the current one, unless a rotation is in progress."""
    edge.accept_also([*secret.labelled(), *edge.written()])
    if not secret.is_rotating():
        edge.send(secret.current())
