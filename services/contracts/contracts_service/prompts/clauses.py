"""Asks for clauses by the 41 categories of CUAD, in four questions, so that no answer grows too long.

The categories are those of the Contract Understanding Atticus Dataset (CC BY 4.0), described in our words.
"""

from contracts_service.entries import KindSpec, ListSpec

VERSION = "clauses/1"
_LEAD = (
    "Each kind is a category of clauses that lawyers look for. An entry is one passage of that category, quoted as it "
    "stands: the whole sentence or sentences, no more. For names and dates the quote is the name or the date alone."
)
_GENERAL = (
    KindSpec("Document Name", "the name of the contract, as its title gives it"),
    KindSpec(
        "Parties", "the name of a party that signs, and the short name that it is given; one entry each"
    ),
    KindSpec("Agreement Date", "the date of the contract"),
    KindSpec("Effective Date", "the date on which it takes effect"),
    KindSpec("Expiration Date", "when the initial term ends, by a date or by its length"),
    KindSpec("Renewal Term", "for how long it is renewed or extended after the initial term"),
    KindSpec("Notice Period to Terminate Renewal", "how long before, notice is due to prevent a renewal"),
    KindSpec("Governing Law", "whose law governs"),
    KindSpec("Third Party Beneficiary", "somebody who is no party may enforce the contract"),
    KindSpec("Insurance", "a party must keep insurance for the other's benefit"),
    KindSpec("Audit Rights", "a party may audit the other's books, records or premises"),
)
_RESTRICTIONS = (
    KindSpec("Most Favored Nation", "a party gets the better terms that a third party gets"),
    KindSpec("Non-Compete", "a party may not compete, or not in some place, business or technology"),
    KindSpec("Exclusivity", "a party deals with the other only: buys all from it, sells to nobody else"),
    KindSpec("No-Solicit of Customers", "a party may not solicit the other's customers or partners"),
    KindSpec(
        "Competitive Restriction Exception", "an exception from a non-compete, exclusivity or no-solicit"
    ),
    KindSpec("No-Solicit of Employees", "a party may not solicit or hire the other's people"),
    KindSpec("Non-Disparagement", "a party may not speak ill of the other"),
    KindSpec("Termination for Convenience", "a party may end the contract without a cause, by notice"),
    KindSpec("Rofr/Rofo/Rofn", "a right of first refusal, offer or negotiation"),
    KindSpec("Change of Control", "what a merger, sale or other change of control of a party leads to"),
    KindSpec("Anti-Assignment", "consent or notice is needed to assign the contract"),
)
_MONEY = (
    KindSpec("Revenue/Profit Sharing", "a party shares revenue or profit with the other"),
    KindSpec("Price Restrictions", "a party may not raise or lower prices freely"),
    KindSpec("Minimum Commitment", "a least order, amount or number that a party must buy"),
    KindSpec("Volume Restriction", "use above a threshold costs more or needs consent"),
    KindSpec(
        "Post-Termination Services", "duties after the end: transition, wind-down, last orders, payments"
    ),
    KindSpec("Uncapped Liability", "liability without limit, for all or for some breaches"),
    KindSpec("Cap on Liability", "a limit of liability, or of the time to claim"),
    KindSpec("Liquidated Damages", "liquidated damages, or a fee for termination"),
    KindSpec("Warranty Duration", "how long a warranty against defects lasts"),
    KindSpec("Covenant Not to Sue", "a party may not contest the other's rights or sue it for other matters"),
)
_LICENCES = (
    KindSpec("IP Ownership Assignment", "what one party creates becomes the other's"),
    KindSpec("Joint IP Ownership", "intellectual property is owned together"),
    KindSpec("License Grant", "one party licenses something to the other"),
    KindSpec("Non-Transferable License", "a licence may not be transferred"),
    KindSpec(
        "Affiliate License-Licensor", "affiliates of the licensor license too, or what is theirs is licensed"
    ),
    KindSpec("Affiliate License-Licensee", "affiliates of the licensee are licensed too"),
    KindSpec("Unlimited/All-You-Can-Eat-License", "a licence for unlimited use"),
    KindSpec("Irrevocable or Perpetual License", "a licence that is irrevocable or perpetual"),
    KindSpec("Source Code Escrow", "source code is deposited in escrow"),
)
SPECS = tuple(
    ListSpec(name, _LEAD, kinds)
    for name, kinds in (
        ("list_clauses_general", _GENERAL),
        ("list_clauses_restrictions", _RESTRICTIONS),
        ("list_clauses_money", _MONEY),
        ("list_clauses_licences", _LICENCES),
    )
)
CATEGORIES = tuple(kind.code for spec in SPECS for kind in spec.kinds)
