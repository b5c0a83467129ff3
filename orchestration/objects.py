"""What the parties deliver: accounts, opportunities, engagements, contacts, our people's answers; field by field.

Belongs here: what every room must know of an object or a field. Raw tables, the reading of headers and values,
forgetting, suites and the asset catalogue take it from here. Does not belong here: which headers fill a field
(seeds/reference/column_mappings.csv) and how a kind of value is read (ingestion/readings.py, udfs/values.py).
"""

from dataclasses import dataclass
from enum import StrEnum


class Persons(StrEnum):
    """Whether a field may name a person, which decides what erasing a person does to it."""

    NONE = "none"  # a company, a figure, a day, a word of a list
    COLLEAGUE = "colleague"  # one of the people who sell: not looked through for contacts
    CONTACT = "contact"  # the person the row is about: it goes with the row
    FREE_TEXT = "free text"  # people write about people here: every name in it is looked at


@dataclass(frozen=True)
class Field:
    """One field of an object. Every field says whether it may name a person; none can be added without."""

    name: str
    persons: Persons
    description: str
    kind: str = "text"  # how its values are read: the kinds of ingestion/readings.py
    # Only the party itself can have known it: a withdrawn party's values must be found nowhere.
    is_distinguishing: bool = False
    vocabulary: str | None = None  # the field of seeds/reference/value_mappings.csv that gives its words a meaning


@dataclass(frozen=True)
class Object:
    """One kind of list."""

    name: str
    description: str  # the grain of its raw table
    fields: tuple[Field, ...]
    # Groups of fields of which at least one must have a column, and how to say that in words.
    required: tuple[tuple[tuple[str, ...], str], ...]
    # What identifies a row without an id. More fields would give a record a new id when one of them changes.
    natural_key: tuple[str, ...]
    who: str  # SQL: the account or record that a row is about
    sheet_words: tuple[str, ...] = ()  # beginnings of a sheet's name that speak of it
    is_identified: bool = True  # whether its rows have ids of the source system, which distinguish a party too
    # What our own people decided, as they decided it: it comes from us alone, in files of its own, few in one month and
    # many in another, and holds until somebody takes it back, however old it is.
    is_answer: bool = False
    also_distinguishing: tuple[str, ...] = ()  # SQL over its fields

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of the fields, in the order of the raw table."""
        return tuple(field.name for field in self.fields)

    @property
    def kinds(self) -> dict[str, str]:
        """Kinds of the fields that are read as something else than text, by field."""
        return {field.name: field.kind for field in self.fields if field.kind != "text"}

    @property
    def vocabularies(self) -> dict[str, str]:
        """Fields that hold words of a vocabulary, and which."""
        return {field.name: field.vocabulary for field in self.fields if field.vocabulary}

    @property
    def distinguishing(self) -> tuple[str, ...]:
        """SQL for everything that only the party itself can have known."""
        ids = ("source_id",) if self.is_identified else ()
        fields = tuple(field.name for field in self.fields if field.is_distinguishing)
        return (*ids, *fields, *self.also_distinguishing)

    def may_name_persons(self, field: str | None) -> bool:
        """Say whether the names of persons are looked for in a field.

        Args:
            field: its name; None for a column that nobody mapped.

        Returns:
            True for free text and for what is not known.
        """
        known = {field.name: field.persons for field in self.fields}
        return field is None or known.get(field) == Persons.FREE_TEXT


# What a person may say of two records; a row without an answer says nothing and is passed over later.
ANSWERS = ("same", "different", "same group", "unsure")
# What a person may say of a partner's part in a deal.
CREDITS = ("sourced", "influenced", "none")

_NONE, _COLLEAGUE, _CONTACT, _FREE_TEXT = Persons
_THE_ACCOUNT = (("account_source_id", "account_name"), "the account (its id or its name)")
_ACCOUNT_FIELDS = (
    Field("account_source_id", _NONE, "The account's id in the party's own system.", is_distinguishing=True),
    Field("account_name", _NONE, "The account's name as this list writes it.", is_distinguishing=True),
)
_UNIT = Field("business_unit", _NONE, "Which of our business units the row is of.")
_OF_AN_ACCOUNT = "coalesce(account_source_id, account_name)"
_DELETED = Field("is_deleted", _NONE, "Whether, or when, the source system has deleted the record.", "deletion")

ACCOUNTS = Object(
    name="accounts",
    description="One row per accepted account row of a party and month, as delivered, with its file and row number.",
    fields=(
        Field("name", _NONE, "The company's name.", is_distinguishing=True),
        Field("website", _NONE, "The company's website.", "website", is_distinguishing=True),
        Field("phone", _NONE, "The company's telephone number.", is_distinguishing=True),
        Field("industry", _NONE, "Industry in the party's own words.", vocabulary="industry"),
        Field("employees", _NONE, "Number of employees, or a band it lies in.", "integer band"),
        Field(
            "annual_revenue",
            _NONE,
            "Revenue of a year, or a band it lies in, in the currency of the row.",
            "amount band",
        ),
        Field("currency", _NONE, "Currency of the row's amounts.", "currency", vocabulary="currency"),
        Field("country", _NONE, "Country in the party's own words.", vocabulary="country"),
        Field("state", _NONE, "State, province or region."),
        Field("city", _NONE, "City."),
        Field("owner", _COLLEAGUE, "Who looks after the account."),
        Field("priority", _NONE, "The party's own priority of the account.", vocabulary="priority"),
        Field(
            "lifecycle_status",
            _NONE,
            "Where the account stands with the party, in its own words.",
            vocabulary="lifecycle_status",
        ),
        Field("list_name", _NONE, "The list that the account was exported from.", vocabulary="list_name"),
        Field("is_partner", _NONE, "Whether the account is a partner of the party.", "boolean"),
        Field("products_owned", _NONE, "The party's products that the account has."),
        Field("competitor_product", _NONE, "A competitor's product that the account uses."),
        Field("competitor_strength", _NONE, "How strong that competitor is there.", vocabulary="competitor_strength"),
        Field("timing_signal", _NONE, "When the account may buy.", vocabulary="timing_signal"),
        Field("expected_deal_size", _NONE, "What a deal with the account may be worth.", "amount"),
        Field("contract_renewal_date", _NONE, "When the contract is renewed.", "date"),
        Field("churn_date", _NONE, "When the account left.", "date"),
        Field("lifetime_value", _NONE, "What the account has been worth so far.", "amount"),
        Field("parent_source_id", _NONE, "Id of the parent in the party's own system.", is_distinguishing=True),
        Field("parent_name", _NONE, "Name of the parent.", is_distinguishing=True),
        Field(
            "relationship_strength",
            _NONE,
            "How strong the party's relationship is.",
            vocabulary="relationship_strength",
        ),
        Field("merged_source_ids", _NONE, "Ids of records that were merged into this one.", is_distinguishing=True),
        Field("lei", _NONE, "Legal entity identifier.", is_distinguishing=True),
        Field("duns", _NONE, "D-U-N-S number.", is_distinguishing=True),
        Field("vat_number", _NONE, "VAT number.", is_distinguishing=True),
        Field("siret", _NONE, "SIRET or SIREN number.", is_distinguishing=True),
        Field("cik", _NONE, "CIK of the US Securities and Exchange Commission.", is_distinguishing=True),
        Field("modified_date", _NONE, "When the row was last changed in the source system.", "date"),
        _UNIT,
        _DELETED,
    ),
    required=((("name",), "the account's name"),),
    natural_key=("name", "website", "country"),
    who="name",
    sheet_words=("account", "companies", "company", "firmen", "kunden", "comptes", "cuentas"),
)
OPPORTUNITIES = Object(
    name="opportunities",
    description="One row per accepted opportunity row of a party and month, as delivered.",
    fields=(
        *_ACCOUNT_FIELDS,
        Field("name", _FREE_TEXT, "Name of the opportunity.", is_distinguishing=True),
        Field("stage", _NONE, "Stage in the party's own words.", vocabulary="stage"),
        Field("amount", _NONE, "Amount, in the currency of the row.", "amount"),
        Field("currency", _NONE, "Currency of the amount.", "currency", vocabulary="currency"),
        Field("our_role", _NONE, "Our role: lead or support.", vocabulary="role"),
        Field("partner_role", _NONE, "The partner's role: lead or support.", vocabulary="role"),
        Field("lead_date", _NONE, "When the lead came in.", "date"),
        Field("created_date", _NONE, "When the opportunity was created.", "date"),
        Field("expected_close_date", _NONE, "When it is expected to close.", "date"),
        Field("closed_date", _NONE, "When it was closed.", "date"),
        Field("outcome", _NONE, "Won, lost or open, in the party's own words.", vocabulary="opportunity_outcome"),
        Field("is_closed", _NONE, "Whether the source system counts it as closed.", "boolean"),
        Field("is_won", _NONE, "Whether the source system counts it as won.", "boolean"),
        Field("probability", _NONE, "Probability of winning, in percent.", "probability"),
        Field(
            "sourced_by_partner",
            _NONE,
            "Who sourced it, with semicolons between several.",
            vocabulary="partner",
        ),
        Field("influenced_by_partner", _NONE, "Who influenced it, likewise.", vocabulary="partner"),
        Field("partner_recorded_date", _NONE, "When the partners were recorded: one day, or one for each.", "dates"),
        Field("owner", _COLLEAGUE, "Who looks after the opportunity."),
        _UNIT,
        _DELETED,
    ),
    required=(_THE_ACCOUNT,),
    natural_key=("account_source_id", "account_name", "name", "created_date"),
    who=_OF_AN_ACCOUNT,
    sheet_words=("opportunit", "deals", "pipeline"),
)
ENGAGEMENTS = Object(
    name="engagements",
    description="One row per accepted engagement row of a party and month, as delivered.",
    fields=(
        *_ACCOUNT_FIELDS,
        Field("engagement_date", _NONE, "The day.", "date"),
        Field("partner", _NONE, "The partner it was done with.", vocabulary="partner"),
        Field("activity", _NONE, "Meeting, call or demo, in the party's own words.", vocabulary="activity"),
        Field(
            "engagement_type",
            _NONE,
            "Discovery call, workshop and the like, in the party's own words.",
            vocabulary="engagement_type",
        ),
        Field("participants", _FREE_TEXT, "Who took part.", is_distinguishing=True),
        Field("outcome", _FREE_TEXT, "What came of it.", vocabulary="engagement_outcome"),
        Field("next_step", _FREE_TEXT, "What is to be done next."),
        Field("owner", _COLLEAGUE, "Who did it."),
        _UNIT,
        _DELETED,
    ),
    required=(_THE_ACCOUNT, (("engagement_date",), "the date")),
    natural_key=("account_source_id", "account_name", "engagement_date", "activity", "partner"),
    who=_OF_AN_ACCOUNT,
    sheet_words=("engagement", "activit", "meetings"),
)
CONTACTS = Object(
    name="contacts",
    description="One row per accepted contact row of a party and month, as delivered.",
    fields=(
        *_ACCOUNT_FIELDS,
        Field("name", _CONTACT, "The person's name.", is_distinguishing=True),
        Field("first_name", _CONTACT, "The person's first name."),
        Field("last_name", _CONTACT, "The person's last name."),
        Field("title", _FREE_TEXT, "The person's title."),
        Field("seniority", _NONE, "How senior the person is.", vocabulary="seniority"),
        Field("function", _NONE, "The person's function.", vocabulary="function"),
        Field("email", _CONTACT, "The person's e-mail address.", "email", is_distinguishing=True),
        Field("phone", _CONTACT, "The person's telephone number.", is_distinguishing=True),
        Field(
            "relationship_strength",
            _NONE,
            "Champion, user or awareness, in the party's own words.",
            vocabulary="relationship_strength",
        ),
        _UNIT,
        _DELETED,
    ),
    required=(
        _THE_ACCOUNT,
        (("name", "last_name", "first_name", "email"), "the person's name or e-mail address"),
    ),
    natural_key=("account_source_id", "account_name", "name", "first_name", "last_name", "email"),
    who=_OF_AN_ACCOUNT,
    sheet_words=("contact", "people", "persons", "ansprechpartner"),
    also_distinguishing=("concat_ws(' ', first_name, last_name)",),
)
DECISIONS = Object(
    name="decisions",
    description="One row per accepted row of a filled review sheet, as delivered.",
    fields=(
        Field("left_record_key", _NONE, "The one record, <party_id>:<source_id>."),
        Field("right_record_key", _NONE, "The other record."),
        Field("answer", _NONE, "What the person says of the two: one of ANSWERS."),
        Field("comment", _FREE_TEXT, "Why."),
        Field("decided_by", _COLLEAGUE, "Who says so."),
        Field("decided_on", _NONE, "When it was decided.", "date"),
        Field("expires_on", _NONE, "Until when it counts.", "date"),
        Field("pair_fingerprint", _NONE, "The pair as it was when it was asked."),
    ),
    required=(
        (("left_record_key",), "the left record"),
        (("right_record_key",), "the right record"),
        (("answer",), "the answer"),
    ),
    natural_key=("left_record_key", "right_record_key", "decided_by", "decided_on"),
    who="left_record_key",
    is_identified=False,
    is_answer=True,
)
CREDIT_DECISIONS = Object(
    name="credits",
    description="One row per accepted row of what a person says of a partner's part in an opportunity, as delivered.",
    fields=(
        Field("opportunity_source_id", _NONE, "The opportunity's id in our own system."),
        Field("partner", _NONE, "The partner.", vocabulary="partner"),
        Field("credit", _NONE, "What the partner did for it: one of CREDITS."),
        Field("reason", _FREE_TEXT, "Why."),
        Field("decided_by", _COLLEAGUE, "Who says so."),
        Field("decided_on", _NONE, "When it was decided.", "date"),
        _UNIT,
    ),
    required=(
        (("opportunity_source_id",), "the opportunity's id"),
        (("partner",), "the partner"),
        (("credit",), "the credit"),
        (("decided_by",), "who decided it"),
        (("reason",), "the reason"),
    ),
    natural_key=("opportunity_source_id", "partner", "decided_by", "decided_on"),
    who="opportunity_source_id",
    is_identified=False,
    is_answer=True,
)
PLANS = Object(
    name="plans",
    description="One row per accepted row of what our people plan to do with a partner at an account, as delivered.",
    fields=(
        Field("record_key", _NONE, "A record of the account, <party_id>:<source_id>."),
        Field("account_source_id", _NONE, "The account's id in our own system, where there is no record key."),
        Field("partner", _NONE, "The partner.", vocabulary="partner"),
        Field("initiator", _NONE, "Who goes first.", vocabulary="initiator"),
        Field("ask", _NONE, "What the partner is asked for.", vocabulary="ask"),
        Field("ask_detail", _FREE_TEXT, "To whom, about what."),
        Field("owner", _COLLEAGUE, "Who on our side answers for it."),
        Field("due_on", _NONE, "Day by which it is to be done.", "date"),
        Field("tracking_place", _NONE, "Where the work is tracked.", vocabulary="tracking_place"),
        Field("status", _NONE, "How far it is.", vocabulary="plan_status"),
        Field("agreed", _NONE, "Whether the partner agreed to work the account.", "boolean"),
        Field("next_step", _FREE_TEXT, "What is done next."),
        Field("note", _FREE_TEXT, "What else the next reader needs to know."),
        Field("decided_by", _COLLEAGUE, "Who wrote it down."),
        Field("decided_on", _NONE, "When it was written down.", "date"),
        _UNIT,
    ),
    required=(
        (("record_key", "account_source_id"), "the account (its record key or our id of it)"),
        (("partner",), "the partner"),
        (
            ("initiator", "ask", "owner", "due_on", "status", "agreed"),
            "what is planned (who begins, what is asked, who answers for it, by when, how far, whether agreed)",
        ),
    ),
    natural_key=("record_key", "account_source_id", "partner", "owner", "due_on", "decided_on"),
    who="coalesce(record_key, account_source_id)",
    is_identified=False,
    is_answer=True,
)
# Lists about persons, or what was said with whom: nothing of a refused row of theirs is shown to everybody.
PERSONAL = ("contacts", "engagements")
OBJECTS = {
    described.name: described
    for described in (ACCOUNTS, OPPORTUNITIES, ENGAGEMENTS, CONTACTS, DECISIONS, CREDIT_DECISIONS, PLANS)
}
# The lists; the others are answers of our own people.
LISTS = tuple(name for name, described in OBJECTS.items() if not described.is_answer)
