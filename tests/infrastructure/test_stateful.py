"""Stateful resources: buckets and table survive upgrades, renames and the deletion of the stack, and are private."""

import pytest

STATEFUL = {
    "Originals": "AWS::S3::Bucket",
    "Staging": "AWS::S3::Bucket",
    "Published": "AWS::S3::Bucket",
    "Generated": "AWS::S3::Bucket",
    "Reports": "AWS::S3::Bucket",
    "Records": "AWS::DynamoDB::Table",
}
"""Logical ids in deployed stacks: a change here would replace their data."""

REAL_STAGES = pytest.mark.parametrize("name", ["dev", "prod", "options"])
ALL_STAGES = pytest.mark.parametrize("name", ["local", "dev", "prod", "options"])


@ALL_STAGES
def test_logical_ids_of_stateful_resources_never_change(stage, name):
    kinds = set(STATEFUL.values())

    found = {
        logical_id: resource["Type"]
        for logical_id, resource in stage(name).pipeline["Resources"].items()
        if resource["Type"] in kinds
    }

    assert found == STATEFUL


@ALL_STAGES
def test_stateful_resources_have_no_physical_name(stage, name):
    resources = stage(name).pipeline["Resources"]

    named = [
        logical_id
        for logical_id in STATEFUL
        if {"BucketName", "TableName"} & resources[logical_id].get("Properties", {}).keys()
    ]

    assert named == []


@REAL_STAGES
def test_data_of_a_real_stage_outlives_its_stack_unless_its_first_deployment_fails(stage, name):
    resources = stage(name).pipeline["Resources"]

    policies = {
        logical_id: (resources[logical_id]["DeletionPolicy"], resources[logical_id]["UpdateReplacePolicy"])
        for logical_id in STATEFUL
    }

    assert set(policies.values()) == {("RetainExceptOnCreate", "Retain")}


@REAL_STAGES
def test_nothing_but_data_outlives_a_stack(stage, name):
    template = stage(name)

    retained = {
        resource["Type"]
        for stack in (template.pipeline, template.edge)
        for resource in stack["Resources"].values()
        if resource.get("DeletionPolicy", "Delete") not in {"Delete", "Snapshot"}
    }

    used_by_other_apis = {"AWS::ApiGateway::Account", "AWS::IAM::Role"}
    assert retained == {STATEFUL[name] for name in STATEFUL} | used_by_other_apis | ({"AWS::KMS::Key"} & retained)


def test_the_local_stages_data_is_deleted_with_its_stack(stage):
    resources = stage("local").pipeline["Resources"]

    assert {resources[logical_id]["DeletionPolicy"] for logical_id in STATEFUL} == {"Delete"}


@REAL_STAGES
def test_the_table_of_a_real_stage_is_protected_and_can_be_restored_to_any_second(stage, name):
    (table,) = stage(name).properties("AWS::DynamoDB::Table")

    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_table_has_records_by_image_expiry_and_indexes_by_day_and_by_selector(stage):
    (table,) = stage("dev").properties("AWS::DynamoDB::Table")

    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["GlobalSecondaryIndexes"] == [
        {
            "IndexName": "by_day",
            "KeySchema": [
                {"AttributeName": "listing_day", "KeyType": "HASH"},
                {"AttributeName": "image_id", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        },
        {
            "IndexName": "by_selector",
            "KeySchema": [
                {"AttributeName": "selector", "KeyType": "HASH"},
                {"AttributeName": "position", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        },
    ]


@ALL_STAGES
def test_every_bucket_is_private_encrypted_and_owned(stage, name):
    buckets = stage(name).properties("AWS::S3::Bucket")

    assert buckets
    for bucket in buckets:
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        expected = "aws:kms" if name == "options" else "AES256"
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == expected


@ALL_STAGES
def test_every_bucket_refuses_plain_http(stage, name):
    refusing = {
        policy["Bucket"]["Ref"]
        for policy in stage(name).properties("AWS::S3::BucketPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Principal"] == {"AWS": "*"}
        and statement["Action"] == "s3:*"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }

    assert refusing == {"Originals", "Staging", "Published", "Generated", "Reports"}


def test_with_kms_one_rotated_key_encrypts_buckets_and_table(stage):
    options = stage("options")

    (key,) = options.resources("AWS::KMS::Key").items()

    assert key[0] == "DataKey"
    assert key[1]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert key[1]["Properties"]["EnableKeyRotation"] is True
    buckets = options.properties("AWS::S3::Bucket")
    assert buckets
    for bucket in buckets:
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == {"Fn::GetAtt": ["DataKey", "Arn"]}
        assert rule["BucketKeyEnabled"] is True
    (table,) = options.properties("AWS::DynamoDB::Table")
    assert table["SSESpecification"] == {
        "KMSMasterKeyId": {"Fn::GetAtt": ["DataKey", "Arn"]},
        "SSEEnabled": True,
        "SSEType": "KMS",
    }


def test_originals_are_versioned_and_tell_eventbridge(stage):
    bucket = stage("dev").pipeline["Resources"]["Originals"]["Properties"]

    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


@pytest.mark.parametrize(
    ("logical_id", "rules"),
    [
        ("Originals", {"rejected": 30, "noncurrent-versions": 30}),
        ("Staging", {"staging": 30}),
        ("Published", {}),
        ("Generated", {"generated": 90}),
        ("Reports", {"reports": 30}),
    ],
)
def test_each_bucket_forgets_after_its_own_time(stage, logical_id, rules):
    configured = stage("prod").pipeline["Resources"][logical_id]["Properties"]["LifecycleConfiguration"]["Rules"]

    days = {
        rule["Id"]: rule.get("ExpirationInDays") or rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for rule in configured
        if rule["Id"] != "unfinished-multipart-uploads"
    }

    assert days == rules
    assert all(rule["Status"] == "Enabled" for rule in configured)


def test_originals_move_to_a_colder_class_only_where_a_stage_says_so(stage):
    def moved(name):
        rules = stage(name).pipeline["Resources"]["Originals"]["Properties"]["LifecycleConfiguration"]["Rules"]
        return [rule["Transitions"] for rule in rules if "Transitions" in rule]

    assert moved("prod") == []
    assert moved("options") == [[{"StorageClass": "GLACIER_IR", "TransitionInDays": 30}]]


def test_only_rejected_originals_expire(stage):
    rules = stage("prod").pipeline["Resources"]["Originals"]["Properties"]["LifecycleConfiguration"]["Rules"]

    (expiring,) = (rule for rule in rules if "ExpirationInDays" in rule)

    assert expiring["TagFilters"] == [{"Key": "image-scaler-status", "Value": "REJECTED"}]


def test_only_pages_of_allowed_origins_may_upload_to_originals(stage):
    allowed = stage("options").pipeline["Resources"]["Originals"]["Properties"]["CorsConfiguration"]["CorsRules"]

    assert allowed == [
        {
            "AllowedHeaders": ["*"],
            "AllowedMethods": ["PUT", "POST"],
            "AllowedOrigins": ["https://app.example"],
            "ExposedHeaders": ["ETag"],
            "MaxAge": 3600,
        }
    ]
    assert "CorsConfiguration" not in stage("prod").pipeline["Resources"]["Originals"]["Properties"]


def test_only_this_accounts_cloudfront_may_read_variants_and_it_may_not_list_them(stage):
    allowed = [
        (policy["Bucket"]["Ref"], statement)
        for policy in stage("prod").properties("AWS::S3::BucketPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]

    ((bucket, statement),) = allowed
    assert bucket == "Generated"
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert statement["Action"] == "s3:GetObject"
    assert statement["Resource"] == {"Fn::Join": ["", [{"Fn::GetAtt": ["Generated", "Arn"]}, "/images/*"]]}
    assert statement["Condition"] == {
        "ArnLike": {
            "aws:SourceArn": {
                "Fn::Join": [
                    "",
                    [
                        "arn:",
                        {"Ref": "AWS::Partition"},
                        ":cloudfront::",
                        {"Ref": "AWS::AccountId"},
                        ":distribution/*",
                    ],
                ]
            }
        },
    }
