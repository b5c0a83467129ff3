{# The registers of companies whose numbers a record may state, in the order in which they are shown.

   column: of the records. company_scheme, company_number: what one company has one of, where the number itself is an
   establishment's; %s stands for the column. A scheme is read by udfs/registrations.py and a field of objects.py. #}
{% macro registration_schemes() -%}
    {{ return([
        {"scheme": "lei", "column": "lei", "company_scheme": "lei", "company_number": "%s"},
        {"scheme": "duns", "column": "duns", "company_scheme": "duns", "company_number": "%s"},
        {"scheme": "vat", "column": "vat_number", "company_scheme": "vat", "company_number": "%s"},
        {"scheme": "siret", "column": "siret", "company_scheme": "siren", "company_number": "left(%s, 9)"},
        {"scheme": "cik", "column": "cik", "company_scheme": "cik", "company_number": "%s"},
    ]) }}
{%- endmacro %}

{# Their columns. #}
{% macro registration_columns() -%}
    {{ return(registration_schemes() | map(attribute="column") | list) }}
{%- endmacro %}
