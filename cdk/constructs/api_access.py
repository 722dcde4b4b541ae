"""API Gateway's permission to invoke the functions, granted by the Edge stack once the firewall protects the API.

Without Edge the API returns 500 and no function runs: before Edge's first deployment, after a rollback of it, and while
a stage is destroyed, because these permissions are deleted before the firewall's association.
"""

import re
from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct, IDependable

from cdk import names
from cdk.constructs.api import ROUTES


class ApiAccess(Construct):
    """One permission for each route. ``entry_points`` are functions or aliases by name; ``after`` is created first."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        api_stage: apigateway.Stage,
        entry_points: Mapping[str, lambda_.IFunction],
        after: IDependable,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        for method, path, function in ROUTES:
            permission = lambda_.CfnPermission(
                self,
                f"{method}{re.sub(r'[^A-Za-z0-9]', '', path.title())}",
                action="lambda:InvokeFunction",
                function_name=entry_points[function].function_arn,
                principal="apigateway.amazonaws.com",
                source_arn=stack.format_arn(
                    service="execute-api",
                    resource=api_stage.rest_api.rest_api_id,
                    resource_name=f"{names.API_STAGE}/{method}{re.sub('{[^}]+}', '*', path)}",
                ),
            )
            permission.node.add_dependency(after)
