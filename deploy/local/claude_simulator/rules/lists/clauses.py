"""CUAD's categories by keywords: a floor for the evaluation, not a reader. None is fitted to a single contract."""
# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

import re

# (what a sentence must hold, what it must not hold)
_WORDS: dict[str, tuple[str, str]] = {
    "Expiration Date": (
        r"\b(?:initial )?term\b.{0,80}\b(?:shall (?:begin|commence|continue|be)|is for|commences?|continues?|expires?|remain in)|\bshall (?:continue|remain) in (?:full force and )?effect\b.{0,60}\b(?:until|for a)|\bexpir\w+ (?:date|on)\b.{0,60}\d",
        r"\bnon-?renewal\b|\bafter (?:the )?(?:termination|expiration)\b",
    ),
    "Renewal Term": (
        r"\b(?:renew(?:s|ed|al)?|extend(?:s|ed)?)\b.{0,120}\b(?:year|month|period|term)s?\b",
        r"\boptions?\b.{0,20}\bstock\b|\brenewal of (?:the )?insurance\b",
    ),
    "Notice Period to Terminate Renewal": (
        r"\b(?:renew|extend)\w*\b.{0,250}\b(?:days|months)\b.{0,60}\b(?:prior|before|notice)|\bnotice\b.{0,80}\b(?:not to renew|non-?renewal)",
        r"\A\Z",
    ),
    "Governing Law": (
        r"\b(?:govern(?:ed|ing)|construed|interpreted)\b.{0,80}\blaws?\b|\blaws? of (?:the )?(?:state|commonwealth|province|people)\b.{0,80}\bgovern",
        r"\bunder (?:the )?governing law\b",
    ),
    "Third Party Beneficiary": (
        r"\bthird[- ]party benefici",
        r"\bno (?:intended )?third|\bnot\b.{0,60}\bbenefici",
    ),
    "Insurance": (
        r"\b(?:maintain|obtain|carry|procure|provide)\w*\b.{0,160}\binsurance\b|\binsurance\b.{0,120}\b(?:not less than|minimum|additional insured|\$\s?\d)",
        r"\bfederal deposit insurance\b|\bdeposit insurance\b",
    ),
    "Audit Rights": (
        r"\b(?:audit|inspect|examine)\w*\b.{0,140}\b(?:books|records|accounts|facilit|premises|reports)|\b(?:books|records)\b.{0,140}\b(?:audit|inspect|examin)\w*",
        r"\baudited financial statements?\b",
    ),
    "Most Favored Nation": (
        r"\bmost[- ]favou?red\b|\bno less favou?rable than\b.{0,120}\b(?:other|third)",
        r"\A\Z",
    ),
    "Non-Compete": (
        r"\b(?:shall|will|agrees?|may|undertakes?)\b.{0,60}\bnot\b.{0,120}\b(?:compet(?:e|es|ing|itive)\b)|\bnon-?compet(?:e|ition)\b",
        r"\bcompetent\b",
    ),
    "Exclusivity": (
        r"\bexclusiv(?:e|ely|ity)\b.{0,200}\b(?:right|basis|distribut|suppl|provid|licen|territory|partner|agent|purchase|market)|\b(?:sole|only) (?:and exclusive )?(?:supplier|provider|distributor|agent|source)\b|\b(?:shall|will|may) not\b.{0,80}\b(?:any other|another|third part)\w*\b.{0,60}\b(?:similar|supply|distribut|provid)",
        r"\bexclusive (?:jurisdiction|remed|venue)|\bexclusive of\b|\bnon-?exclusive\b",
    ),
    "No-Solicit of Customers": (
        r"\bsolicit\w*\b.{0,80}\b(?:customers?|clients?|accounts?|merchants?)\b",
        r"\bemployee\b",
    ),
    "Competitive Restriction Exception": (
        r"\b(?:notwithstanding|except|provided,? however|nothing)\b.{0,160}\b(?:compet\w+|exclusiv\w+)\b",
        r"\bexclusive (?:jurisdiction|remed)",
    ),
    "No-Solicit of Employees": (
        r"\b(?:solicit|hire|recruit|induce|employ)\w*\b.{0,100}\b(?:employees?|personnel|staff)\b.{0,100}\b(?:other party|of the|terminat|during|prior)|\bnot\b.{0,60}\b(?:solicit|hire)\b",
        r"\bcustomers?\b",
    ),
    "Non-Disparagement": (r"\bdisparag\w+|\bderogatory\b|\bpublic disrepute\b", r"\A\Z"),
    "Termination for Convenience": (
        r"\bterminat\w+\b.{0,160}\b(?:without cause|for convenience|for any reason|with or without cause|at any time|no reason)\b|\b(?:may|right to) terminate\b.{0,80}\b(?:upon|by giving|on)\b.{0,40}\b(?:days|months)\b.{0,30}\bnotice",
        r"\bbreach|\bdefault|\bmaterial|\bbankrupt|\binsolven",
    ),
    "Rofr/Rofo/Rofn": (
        r"\b(?:right of )?first (?:refusal|offer|negotiation|option|opportunity)\b|\bfirst right\b.{0,40}\b(?:negotiate|refus|offer|purchase)|\boption to (?:purchase|acquire)\b",
        r"\A\Z",
    ),
    "Change of Control": (
        r"\bchange (?:of|in) control\b|\b(?:merger|consolidation|sale of (?:all|substantially))\b.{0,160}\b(?:terminat|consent|assign|notice)|\bacqui\w+ (?:by|of)\b.{0,80}\bterminat",
        r"\A\Z",
    ),
    "Anti-Assignment": (
        r"\b(?:assign(?:s|ed|able|ment|ing)?|transfer(?:s|red|able)?)\b.{0,160}\b(?:this agreement|rights?|obligations?|contract)\b.{0,200}\b(?:consent|approval|void|permission|notice)|\bneither party (?:may|shall)\b.{0,40}\bassign|\bnot (?:be )?(?:assign|transfer)(?:ed|able)?\b.{0,100}\b(?:consent|approval)",
        r"\b(?:intellectual property|copyright|patent)s?\b.{0,60}\bassigns? to\b",
    ),
    "Revenue/Profit Sharing": (
        r"\b(?:revenue|profit|royalt|commission|net (?:sales|revenue|proceeds|income)|gross (?:sales|revenue))\w*\b.{0,160}(?:%|\bpercent|\bshare)|(?:%|\bpercent\w*\b).{0,100}\b(?:revenue|profit|royalt|net sales|gross sales|commission|fees? received)\w*",
        r"\bownership\b|\binterest rate\b|\bper annum\b",
    ),
    "Price Restrictions": (
        r"\b(?:prices?|fees?|rates?)\b.{0,120}\b(?:not (?:be )?(?:increase|exceed|raise|change)|increase\w*\b.{0,60}(?:%|\bpercent|\bno more than|\bonce)|fixed|may (?:be )?(?:increase|adjust))",
        r"\binterest\b|\bliabilit",
    ),
    "Minimum Commitment": (
        r"\bminimum\b.{0,80}\b(?:purchase|order|quantit|commitment|amount|fee|payment|volume|guarantee|royalt|of \$?\d|number)|\b(?:at least|not less than|no less than|no fewer than)\b.{0,60}\b(?:purchase|units|per (?:year|month|quarter)|annually|\$\s?\d)",
        r"\binsurance|\bnotice\b|\bliabilit",
    ),
    "Volume Restriction": (
        r"\b(?:exceed\w*|in excess of|more than|maximum|up to)\b.{0,80}\b(?:units|users|quantit|hours|impressions|copies|transactions|gigabyte|megabyte|storage|capacity|per (?:day|month|year))\b",
        r"\bliabilit|\binterest|\binsurance",
    ),
    "Post-Termination Services": (
        r"\b(?:upon|after|following|on)\b.{0,30}\b(?:termination|expiration)\b.{0,200}\b(?:shall|will|agrees to)\b.{0,120}\b(?:return|pay|continue|cease|deliver|destroy|assist|cooperate|provide|transfer|purchase|sell)|\b(?:shall|will)\b.{0,120}\b(?:after|following) (?:the )?(?:termination|expiration)\b",
        r"\A\Z",
    ),
    "Uncapped Liability": (
        r"\b(?:except|other than|notwithstanding|excluding)\b.{0,200}\b(?:indemnif|gross negligence|wil+ful|fraud|confidential)\w*\b.{0,300}\b(?:liab|damages)|\b(?:limitation|liability)\b.{0,160}\b(?:shall|does|do|will) not apply\b|\bunlimited liabilit",
        r"\A\Z",
    ),
    "Cap on Liability": (
        r"\b(?:in no event|neither party|under no circumstances|not)\b.{0,120}\bliable\b.{0,200}\b(?:consequential|indirect|incidental|special|punitive|lost profits|exceed)|\bliabilit\w+\b.{0,160}\b(?:exceed|limited to|not be (?:more|greater)|maximum)|\bCONSEQUENTIAL\b",
        r"\A\Z",
    ),
    "Liquidated Damages": (
        r"\bliquidated damages\b|\b(?:early )?termination (?:fee|charge|payment)\b|\bas a penalty\b",
        r"\A\Z",
    ),
    "Warranty Duration": (
        r"\bwarrant(?:y|ies|s|ed)\b.{0,160}\b(?:period|days|months|years?)\b|\b(?:days|months|years?)\b.{0,60}\bwarrant(?:y|ies)\b",
        r"\brepresents? and warrants?\b.{0,40}\bthat\b|\bsurviv",
    ),
    "Covenant Not to Sue": (
        r"\b(?:not|never)\b.{0,60}\b(?:contest|challenge|dispute|attack|oppose)\b.{0,160}\b(?:validity|ownership|title|rights?|marks?|patents?|trademark)|\bcovenants? not to sue\b|\b(?:release|waive)s?\b.{0,60}\b(?:claims|causes of action)\b",
        r"\A\Z",
    ),
    "IP Ownership Assignment": (
        r"\b(?:hereby )?assigns?\b.{0,60}\b(?:to|all)\b.{0,120}\b(?:right,? title|intellectual property|inventions?|copyright|patent|work product)|\bwork(?:s)?[- ](?:made )?for hire\b|\bshall (?:be|become) the (?:sole |exclusive )*property of\b",
        r"\bsuccessors and assigns\b",
    ),
    "Joint IP Ownership": (
        r"\bjoint(?:ly)?\b.{0,40}\b(?:own|ownership|title|invention|intellectual|develop)\w*",
        r"\A\Z",
    ),
    "License Grant": (
        r"\bgrants?\b.{0,120}\b(?:licen[sc]e|right)\b|\b(?:licen[sc]e|right) (?:is )?(?:hereby )?granted\b|\bshall have (?:the|a) (?:non-?exclusive|exclusive)?\s?(?:right|licen[sc]e) to (?:use|market|distribute|sell)",
        r"\bsecurity interest|\bstock option|\bgrants? (?:of )?options\b",
    ),
    "Non-Transferable License": (
        r"\bnon-?\s?(?:transferable|assignable)\b|\b(?:licen[sc]e|sublicen[sc]e)\w*\b.{0,160}\bnot\b.{0,40}\b(?:transfer|assign|sublicen)",
        r"\A\Z",
    ),
    "Affiliate License-Licensor": (
        r"\b(?:and|or) its affiliates\b.{0,60}\b(?:hereby )?grants?\b.{0,80}\blicen[sc]e",
        r"\A\Z",
    ),
    "Affiliate License-Licensee": (
        r"\bgrants?\b.{0,60}\bto\b.{0,60}\b(?:and|or)\b.{0,20}\b(?:affiliates|subsidiaries)\b.{0,200}\b(?:licen[sc]e|right)",
        r"\A\Z",
    ),
    "Unlimited/All-You-Can-Eat-License": (
        r"\b(?:unlimited|enterprise[- ]wide|unrestricted)\b.{0,80}\b(?:licen[sc]e|use|users|copies)\b",
        r"\bliabilit",
    ),
    "Irrevocable or Perpetual License": (
        r"\b(?:irrevocable|perpetual)\b.{0,160}\b(?:licen[sc]e|right)\b|\b(?:licen[sc]e|right)\b.{0,120}\b(?:irrevocabl|perpetual|in perpetuity)\w*",
        r"\A\Z",
    ),
    "Source Code Escrow": (
        r"\bescrow\b.{0,160}\bsource\b|\bsource code\b.{0,160}\bescrow\b|\bescrow agent\b.{0,120}\bsoftware\b",
        r"\A\Z",
    ),
}


def _spaced(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE | re.DOTALL)


CLAUSES = {kind: (_spaced(holds), _spaced(without)) for kind, (holds, without) in _WORDS.items()}
