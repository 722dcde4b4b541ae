"""The CDK application: two stacks, their constructs and the edge function."""
