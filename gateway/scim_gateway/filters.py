"""SCIM filters as the alternatives that auth searches for: `eq`, joined by `and` and `or`."""

from collections.abc import Mapping

from scim2_models import InvalidFilterException
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator, ValuePath

from bloom.auth.v1 import provisioning_service_pb2 as pb

USER_ATTRIBUTES = {
    "id": pb.DIRECTORY_ATTRIBUTE_ID,
    "externalid": pb.DIRECTORY_ATTRIBUTE_EXTERNAL_ID,
    "displayname": pb.DIRECTORY_ATTRIBUTE_DISPLAY_NAME,
    "username": pb.DIRECTORY_ATTRIBUTE_EMAIL,
    "emails": pb.DIRECTORY_ATTRIBUTE_EMAIL,
    "emails.value": pb.DIRECTORY_ATTRIBUTE_EMAIL,
}
GROUP_ATTRIBUTES = {
    "id": pb.DIRECTORY_ATTRIBUTE_ID,
    "externalid": pb.DIRECTORY_ATTRIBUTE_EXTERNAL_ID,
    "displayname": pb.DIRECTORY_ATTRIBUTE_DISPLAY_NAME,
    "members": pb.DIRECTORY_ATTRIBUTE_MEMBER,
    "members.value": pb.DIRECTORY_ATTRIBUTE_MEMBER,
}
_MOST_ALTERNATIVES, _MOST_TERMS = 20, 10

Attributes = Mapping[str, "pb.DirectoryAttribute.ValueType"]
Alternatives = list[list[pb.DirectoryTerm]]


def terms(node: FilterNode | None, attributes: Attributes) -> list[pb.DirectoryTerms]:
    """Raises InvalidFilterException for what is not searched for here."""
    if node is None:
        return []
    return [pb.DirectoryTerms(terms=one) for one in _alternatives(node, attributes)]


def _alternatives(node: FilterNode, attributes: Attributes, prefix: str = "") -> Alternatives:
    if isinstance(node, Comparison):
        return [[_term(node, attributes, prefix)]]
    if isinstance(node, ValuePath) and not prefix:
        return _alternatives(node.val_filter, attributes, f"{node.attr_path.attr}.")
    if not isinstance(node, LogicalExpr):
        raise _refused("only eq, and, or are searched for here")
    each = [_alternatives(term, attributes, prefix) for term in node.terms]
    if node.op == LogicalOperator.or_:
        return _bounded([one for those in each for one in those])
    together: Alternatives = [[]]
    for those in each:
        together = _bounded([[*left, *right] for left in together for right in those])
    return together


def _bounded(found: Alternatives) -> Alternatives:
    if len(found) > _MOST_ALTERNATIVES or any(len(one) > _MOST_TERMS for one in found):
        raise _refused("the filter has too many parts")
    return found


def _term(node: Comparison, attributes: Attributes, prefix: str) -> pb.DirectoryTerm:
    path = node.attr_path
    name = prefix + (f"{path.attr}.{path.sub_attr}" if path.sub_attr else path.attr)
    attribute = attributes.get(name.lower())
    if attribute is None or node.op != CompareOperator.eq or not isinstance(node.value, str):
        raise _refused(f"{name} is not searched for like this; {', '.join(attributes)} are, by eq and text")
    return pb.DirectoryTerm(attribute=attribute, value=node.value)


def _refused(detail: str) -> InvalidFilterException:
    return InvalidFilterException(detail=f"The filter is not understood: {detail}.")
