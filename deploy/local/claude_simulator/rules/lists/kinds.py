"""Kinds of entries by keywords: parties, milestones, prices, guarantees, duties, rights to end, risks."""
# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

import re

_DUTY = r"\b(?:shall|must|agrees? to|will)\b.{0,200}"
_WORDS: dict[str, dict[str, str]] = {
    "list_document_type": {
        "AMENDMENT": r"\bthis (?:\w+ )?amendment\b",
        "PPA": r"\bpower purchase agreement\b",
        "OM_MASTER": r"\boperations? (?:and|&) maintenance agreement\b",
        "ESA": r"\b(?:energy|microgrid) services? agreement\b",
        "EPC_MASTER": r"\bengineering, procurement and construction\b|\bturnkey\b",
        "MPA": r"\bmaster purchase agreement\b",
    },
    "list_parties": {
        "BUYER": r"[\"“](?:buyer|customer|purchaser|host|user)[\"”]",
        "SELLER": r"[\"“](?:seller|provider|supplier|vendor)[\"”]",
        "OWNER": r"[\"“](?:\w+ )?owner[\"”]",
        "OPERATOR": r"[\"“](?:operator|contractor|service provider)[\"”]",
        "GUARANTOR": r"[\"“](?:\w+ )?guarantor[\"”]",
        "LENDER": r"[\"“](?:lender|financing part(?:y|ies))[\"”]",
    },
    "list_sites": {
        "SITE": r"[\"“](?:site|premises)[\"”]|\bthe site (?:is|at|located)\b",
        "SYSTEM": r"[\"“](?:systems?|facility|bloom systems?)[\"”]",
        "DELIVERY_POINT": r"\b(?:delivery|metering) point\b",
        "INTERCONNECTION": r"\binterconnection (?:point|agreement)\b|\bpoint of interconnection\b",
    },
    "list_milestones": {
        "SIGNING": r"\b(?:dated|made and entered into) (?:as of|on)\b",
        "EFFECTIVE": r"\beffective date\b.{0,60}\d{4}",
        "DELIVERY": r"\bdeliver\w*\b.{0,80}\b(?:no later than|on or before|within)\b",
        "COMMERCIAL_OPERATION": r"\bcommercial operations?\b.{0,120}(?:\d{4}|\bdays\b)",
        "WARRANTY": r"\bwarranty (?:period|term)\b",
        "EXPIRATION": r"\b(?:expires?|initial term)\b.{0,120}(?:\d{4}|\byears?\b)",
    },
    "list_prices": {
        "ENERGY": r"\$ ?[\d.]+ (?:per|/) ?kWh|\benergy price\b.{0,80}[$\[]",
        "CAPACITY": r"\bcapacity (?:price|charge|payment)\b.{0,80}[$\[]",
        "SERVICE_FEE": r"\b(?:service|administration|maintenance|o&m) fees?\b.{0,120}(?:\$|%|\[)",
        "ONE_TIME": r"\b(?:purchase price|deposit|one-time)\b.{0,100}\$",
        "LATE_CHARGE": r"\b(?:late|overdue|past due)\b.{0,160}%",
        "SECURITY": r"\bletter of credit\b.{0,120}\$",
    },
    "list_guarantees": {
        "OUTPUT": r"\b(?:output|power)\b.{0,160}(?:\d ?%|\bpercent\b)",
        "EFFICIENCY": r"\befficiency\b.{0,120}(?:\d ?%|\bpercent\b)",
        "AVAILABILITY": r"\bavailability\b.{0,120}(?:\d ?%|\bpercent\b)",
        "RESPONSE_TIME": r"\brespon(?:d|se)\b.{0,80}\bhours\b",
    },
    "list_obligations": {
        "PAYMENT": _DUTY + r"\b(?:pay|invoice|reimburse)\b",
        "DELIVERY": _DUTY + r"\b(?:deliver|install|hand over)\b",
        "MAINTENANCE": _DUTY + r"\b(?:maintain|inspect|repair|replace)\b",
        "REPORTING": _DUTY + r"\b(?:report|records|statement)s?\b",
        "NOTICE": _DUTY + r"\b(?:notify|give (?:\w+ ){0,3}notice)\b",
        "ACCESS": _DUTY + r"\b(?:access|easement)\b",
        "INSURANCE": _DUTY + r"\binsurance\b",
        "CONFIDENTIALITY": _DUTY + r"\bconfidential\w*\b",
        "INDEMNITY": _DUTY + r"\bindemnif\w+\b",
        "COMPLIANCE": _DUTY + r"\b(?:comply|permits|applicable laws?)\b",
        "PERFORMANCE": _DUTY + r"\b(?:perform|operate)\b",
    },
    "list_termination": {
        "CONVENIENCE": r"\bterminat\w+\b.{0,160}\b(?:for convenience|without cause|for any reason)\b",
        "NON_PAYMENT": r"\bterminat\w+\b.{0,200}\b(?:fails? to pay|non-?payment)\b",
        "INSOLVENCY": r"\bterminat\w+\b.{0,200}\b(?:bankrupt|insolven)\w+",
        "FORCE_MAJEURE": r"\bforce majeure\b.{0,200}\bterminat\w+",
        "BREACH": r"\bterminat\w+\b.{0,200}\b(?:breach|default)\b",
        "BUYOUT": r"\b(?:purchase option|option to purchase|termination value)\b",
    },
    "list_risks": {
        "LIABILITY_CAP": r"\bliabilit\w+\b.{0,120}\b(?:exceed|limited to|cap)\b",
        "CONSEQUENTIAL_DAMAGES": r"\bconsequential\b",
        "PERFORMANCE_REMEDY": r"\b(?:sole|exclusive) (?:and exclusive )?remed\w+",
        "FUEL_RISK": r"\b(?:natural gas|fuel)\b.{0,120}\b(?:supply|price|cost)\b",
        "CHANGE_IN_LAW": r"\bchange (?:in|of) law\b",
        "FORCE_MAJEURE": r"\bforce majeure\b",
        "TERMINATION_FOR_CONVENIENCE": r"\bterminat\w+\b.{0,160}\b(?:for convenience|without cause|for any reason)\b",
        "CURE_PERIODS": r"\bcure\b.{0,120}\bdays\b|\bdays\b.{0,120}\bcure\b",
        "ASSIGNMENT_TO_FINANCIERS": r"\bassign\w*\b.{0,160}\b(?:affiliates?|lenders?|financing)\b",
        "PRICE_ESCALATION": r"\bescalat\w+|\bconsumer price index\b",
        "PAYMENT_TERMS": r"\binvoice\b.{0,160}\bdays\b|\bdays\b.{0,120}\binvoice\b",
        "SITE_ACCESS": r"\baccess to the (?:site|premises|facility)\b",
        "ENVIRONMENTAL_ATTRIBUTES": r"\benvironmental attributes?\b|\brenewable energy c\w+",
        "GOVERNING_LAW_AND_FORUM": r"\bgoverned by\b.{0,80}\blaws?\b",
    },
    "list_compliance": {
        "PERMITS": r"\bpermits?\b.{0,120}\b(?:obtain|maintain|approval)",
        "INTERCONNECTION": r"\binterconnection\b",
        "ENVIRONMENTAL_LAW": r"\benvironmental laws?\b|\bhazardous\b",
        "SAFETY": r"\bsafety\b",
        "REGULATORY_STATUS": r"\bpublic utility\b|\bqualifying facility\b",
        "ANTI_CORRUPTION": r"\bcorrupt\w*|\bbribe\w*",
        "SANCTIONS_AND_EXPORT": r"\bsanctions\b|\bexport control",
        "TAX_CREDITS": r"\btax credits?\b",
        "DATA_AND_CYBERSECURITY": r"\bcyber\w*|\bpersonal data\b|\bdata protection\b",
        "LABOUR": r"\blabou?r laws?\b|\bprevailing wage|\bequal opportunity\b",
        "RECORDS_AND_AUDIT": r"\baudit\b.{0,100}\brecords\b|\brecords\b.{0,100}\baudit\b",
    },
}
KINDS_OF = {
    name: {
        kind: re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE | re.DOTALL)
        for kind, pattern in kinds.items()
    }
    for name, kinds in _WORDS.items()
}
