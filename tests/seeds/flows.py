"""Network policies that open what they should not, or are not there."""

from typing import Any

from seeds.mutation import fit, of


@of("NetworkPolicy")
def policy_removed(o: Any) -> None:
    o.clear()


@of("NetworkPolicy")
def open_to_everyone(o: Any) -> None:
    o["spec"]["ingress"] = [{}]


@of("NetworkPolicy")
def open_to_the_namespace(o: Any) -> None:
    o["spec"]["ingress"] = [{"from": [{"podSelector": {}}]}]


@of("NetworkPolicy")
def open_to_every_namespace(o: Any) -> None:
    o["spec"]["ingress"] = [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 4222}]}]


@of("NetworkPolicy")
def open_to_the_world(o: Any) -> None:
    o["spec"]["ingress"] = [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 4222}]}]


@of("NetworkPolicy")
def everything_goes_out(o: Any) -> None:
    o["spec"]["egress"] = [{}]


@of("NetworkPolicy")
def goes_out_to_the_world(o: Any) -> None:
    o["spec"]["egress"] = [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 22}]}]


@of("NetworkPolicy")
def goes_out_to_the_api_server(o: Any) -> None:
    o["spec"]["egress"] = [{"to": [{"ipBlock": {"cidr": "10.43.0.1/32"}}], "ports": [{"port": 6443}]}]


def _first_rule(o: Any) -> Any:
    rules = [*o["spec"].get("ingress", ()), *o["spec"].get("egress", ())]
    fit(rules and rules[0].get("ports"))
    return rules[0]


@of("NetworkPolicy")
def every_port(o: Any) -> None:
    del _first_rule(o)["ports"]


@of("NetworkPolicy")
def one_port_more(o: Any) -> None:
    _first_rule(o)["ports"].append({"protocol": "TCP", "port": 22})


@of("NetworkPolicy")
def a_range_of_ports(o: Any) -> None:
    _first_rule(o)["ports"][0].update(port=1024, endPort=65535)


@of("NetworkPolicy")
def one_peer_more(o: Any) -> None:
    rule = _first_rule(o)
    peer = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "stranger"}}}
    rule["from" if "from" in rule else "to"].append(peer)


@of("NetworkPolicy")
def peers_removed(o: Any) -> None:
    rule = _first_rule(o)
    rule.pop("from" if "from" in rule else "to")


@of("NetworkPolicy")
def peers_of_any_name(o: Any) -> None:
    rule = _first_rule(o)
    peers = rule["from" if "from" in rule else "to"]
    peers[0] = {"podSelector": {"matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "Exists"}]}}
