-- Fails for a pair whose published evidence does not add up to what it was decided on.
with matches as (

    select * from {{ ref('fct_account_matches') }}

)

select
    left_record_key,
    right_record_key,
    match_millibits
from matches
where
    match_millibits <> prior_millibits + registration_millibits + domain_millibits + domain_label_millibits
    + name_millibits + name_kind_millibits + distinctiveness_millibits + rest_millibits + spelling_millibits
    + substring_millibits + first_word_millibits + numeral_millibits + legal_form_millibits + namesake_millibits
    + country_millibits + city_millibits + phone_millibits + smaller_lead_millibits + larger_lead_millibits
