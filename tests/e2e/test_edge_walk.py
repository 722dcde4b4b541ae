"""The walk that the demo prints: each row of the older design, in order, and each as it must be."""

from local.demo.edge_walk import Subject, walk


def test_the_walk_shows_every_row_of_the_edge_in_order(deployed, picture, deployed_v1, picture_v1):
    steps = walk(Subject(deployed.outputs, picture), Subject(deployed_v1.outputs, picture_v1))

    assert [step.row for step in steps] == [
        *("K3", "K3", "U1", "U2", "V1.1", "V1.2", "V1.3", "V1.4", "V1.5", "V1.1"),
        *("V2.4", "V2.5-7", "V2.8-9", "V2.4", "V2.4"),
    ]
    assert [steps[place].text.endswith("Hit from cloudfront") for place in (9, -1)] == [True, True]
