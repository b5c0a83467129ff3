{# The levels of every comparison, and the other words that pairs are described by. They are stored as enums, so a pair costs a
   byte for each and reads as words all the same; a word that is missing here stops the build. #}
{% macro words_of(name) -%}
    {%- set rest_classes = ["distinctive", "fund", "generic", "none", "numeral", "own place", "place", "structure"] -%}
    {%- set agreeing = ["unknown", "same", "different"] -%}
    {%- set words = {
        "registration": ["unknown", "same", "conflict"],
        "domain": ["unknown", "same", "alias", "same label", "different"],
        "domain_label": ["unknown", "is the name", "begins the name", "begins with the name", "is not the name"],
        "name": [
            "unknown", "exact", "spacing", "order", "cut short", "misspelt", "partly misspelt", "acronym", "nothing shared",
        ],
        "name_kind": ["unknown", "own", "main part", "other"],
        "distinctiveness": ["unknown"],
        "rest": ["unknown", "none"],
        "spelling": ["unknown", "equal"] + cut_levels("spelling"),
        "substring": ["unknown", "equal", "too short", "beginning", "inside", "nearly inside", "not inside"],
        "first_word": ["unknown", "equal", "same", "unequal", "different"],
        "numeral": ["unknown", "conflict", "one_sided", "same", "none"],
        "legal_form": ["unknown", "both missing", "one missing", "same", "same class", "vague", "different"],
        "namesake": ["unknown", "not the same name", "none", "few", "many"],
        "country": agreeing,
        "city": agreeing,
        "phone": agreeing,
        "lead": ["unknown", "no rival", "tie"],
        "rest_class": rest_classes,
        "guard": [
            "conflicting registration ids", "contradicted identifier", "earlier name or domain", "conflicting numerals",
            "differing names", "mixed scripts", "other country", "common name", "place left over",
            "acronym alone", "entity left over", "one word of a name", "numeral left over", "other names of both",
            "differing names in one list", "likelier match", "already matched",
        ],
        "match_reason": [
            "human decision", "registration id", "domain", "domain alias", "exact name", "acronym", "fuzzy name",
        ],
        "evidence_class": [
            "strong", "other legal form", "misspelt", "acronym", "structure left over", "distinctive left over",
            "generic left over", "both left over",
        ],
        "band": ["auto", "review", "rejected"],
        "rule": blocking_rules() | list,
    } -%}
    {%- if name == "name" -%}
        {%- for one in rest_classes if one != "none" -%}
            {%- do words["name"].append("contained, rest " ~ one) -%}
            {%- for other in rest_classes if other != "none" and other >= one -%}
                {%- do words["name"].append("rests " ~ one ~ " and " ~ other) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- elif name == "distinctiveness" -%}
        {%- for part in ["whole", "contained", "part"] -%}
            {%- for level in cut_levels("distinctiveness") -%}
                {%- do words["distinctiveness"].append(part ~ " " ~ level) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- elif name == "rest" -%}
        {%- for smaller in ["0"] + cut_levels("smaller_rest") -%}
            {%- for larger in cut_levels("larger_rest") -%}
                {%- do words["rest"].append(smaller ~ " and " ~ larger) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- elif name in ["smaller_lead", "larger_lead"] -%}
        {%- for way in ["ahead", "behind"] -%}
            {%- for level in cut_levels(way) -%}
                {%- do words["lead"].append(way ~ " by " ~ level) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- set name = "lead" -%}
    {%- endif -%}
    {{ return(words[name]) }}
{%- endmacro %}

{# The type of a level, or of another word about a pair. #}
{% macro enum_of(name) -%}
    enum('{{ words_of(name) | join("', '") }}')
{%- endmacro %}

{# What the level of a comparison weighs, in 1/1000 bit; res_level_weights must be at hand as `weights`. #}
{% macro weight_of(comparison, level) -%}
    weights.{{ comparison }}_millibits[enum_code({{ level }}) + 1]
{%- endmacro %}

{# The names of the levels that cut points make: under 8, 8 to 11, over 11. #}
{% macro cut_levels(cuts) -%}
    {%- set points = var("level_cuts")[cuts] -%}
    {%- set names = ["under " ~ points[0]] -%}
    {%- for point in points[1:] -%}
        {%- do names.append(points[loop.index0] ~ " to " ~ point) -%}
    {%- endfor -%}
    {{ return(names + ["over " ~ points[-1]]) }}
{%- endmacro %}

{# A level of a number by cut points, which are its only place: under 8, 8 to 11, over 11.

   cuts: key of var level_cuts, the points ascending; a number on a cut belongs to the level above.
   unit: how many of the number's own units one unit of the cuts is; 1000 for bits against 1/1000 bits. #}
{% macro level_between(number, cuts, unit=1) -%}
    {%- set names = cut_levels(cuts) -%}
    case
        {%- for point in var("level_cuts")[cuts] %}
        when {{ number }} < {{ point * unit }} then '{{ names[loop.index0] }}'
        {%- endfor %}
        else '{{ names[-1] }}'
    end
{%- endmacro %}
