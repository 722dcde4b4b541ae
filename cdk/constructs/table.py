"""The one table: an image's record, its labels and its history in one partition; the indexes of lists.

CloudFormation adds one index per update. Re-judging reads the index by day, lists and sweeps the index by selector.
"""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk import names
from cdk.config import StageConfig
from cdk.constructs.resource import resource_of
from functions.shared.keys import LISTING_INDEX, SELECTOR_INDEX

EXPIRY_ATTRIBUTE = "expires_at"


class RecordsTable(Construct):
    """The records of a stage. ``data_key`` encrypts them when given, DynamoDB's own key otherwise."""

    def __init__(self, scope: Construct, construct_id: str, *, config: StageConfig, data_key: kms.IKey | None) -> None:
        super().__init__(scope, construct_id)
        text = dynamodb.AttributeType.STRING
        self.table = dynamodb.Table(
            self,
            names.RECORDS_TABLE,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            deletion_protection=config.keep_data,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if data_key else dynamodb.TableEncryption.DEFAULT,
            encryption_key=data_key,
            partition_key=dynamodb.Attribute(name="pk", type=text),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=config.keep_data
            ),
            removal_policy=config.data_removal_policy,
            sort_key=dynamodb.Attribute(name="sk", type=text),
            time_to_live_attribute=EXPIRY_ATTRIBUTE,
        )
        self.table.add_global_secondary_index(
            index_name=LISTING_INDEX,
            partition_key=dynamodb.Attribute(name="listing_day", type=text),
            sort_key=dynamodb.Attribute(name="image_id", type=text),
        )
        self.table.add_global_secondary_index(
            index_name=SELECTOR_INDEX,
            partition_key=dynamodb.Attribute(name="selector", type=text),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
            sort_key=dynamodb.Attribute(name="position", type=text),
        )
        resource_of(self.table, dynamodb.CfnTable).override_logical_id(names.RECORDS_TABLE)
