# ruff: noqa: E501 (a line is a row of a file)
"""What our own people wrote back: credit that the rule could not know, and the filled sheets of two mapping sessions.

Belongs here: answers of the demo's company, as files. Does not belong here: lists of accounts, deals and people
(exports_of_parties.py).
"""

CREDITS = """\
Opportunity ID,Partner,Credit,Reason,Decided by,Decided on
006Fh0000084EMWIA2,Tidewell Systems,sourced,They brought us in by telephone before the lists were exchanged,Marisol Vega,2026-10-05
006Fh00000QCebCIAT,Rheinblick Beratung,influenced,Their architect held both workshops for us,Theo Lindgren,2026-10-08
006Fh00000wiK7RIAU,Heliograph Analytics,none,Our own webinar brought it; the partner was entered by mistake,Priit Saar,2026-10-09
"""

PLANS = """\
Account,Our record,Partner,Who begins,What we ask for,Owner,Due on,Agreed,Next step,Written by,Written on
Yarrowthorpe Medical Centers,us:001Fh00000HK33IIAT,heliograph,partner introduction,introduction,Theo Lindgren,2026-11-06,yes,Introduce us to the head of operations,Dana Whitlock,2026-10-14
Osthaug Transport,us:001Fh00000gtksTIAQ,heliograph,both,meeting,Priit Saar,2026-11-13,yes,Agree on a day in Oslo,Dana Whitlock,2026-10-14
Blaufeldt Antriebstechnik,us:001Fh00000SphucIAB,rheinblick,partner introduction,introduction,Gordon Peake,2026-11-20,yes,"Besuch im Werk, zweiter Anlauf",Theo Lindgren,2026-10-21
Ulmenwörth Handelshaus,us:001Fh00000E5S9JIAV,rheinblick,wir,Referenz,Priit Saar,2026-11-20,no,Ask again when their project there has ended,Theo Lindgren,2026-10-21
"""
