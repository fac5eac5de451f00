"""English words that say nothing of a topic: a name neither begins nor ends with one.

Other languages need no list: what most conversations of a language share does not tell a group from
its neighbours, and what most of an import shares is left out whatever the language.
"""

from __future__ import annotations

_FUNCTION = """
a about above across actually after again against ago all almost along already also although always
am among an and another any anybody anyone anything anyway are aren around as aside ask asked at
away back be became because become been before began behind being below beside besides between
beyond both but by came can cannot come comes could couldn couple cuz did didn different do does
doesn doing don done down due during each either else enough especially etc even ever every
everybody everyone everything everywhere exactly except far few first for former from further gave
get gets getting give given gives giving go goes going gone gonna got gotten had hadn half happen
has hasn have haven having he hence her here hers herself him himself his how however i if in indeed
instead into is isn it its itself just keep kind kinda know last later latter least less let lets
like likely little ll lot lots made mainly make makes making many may maybe me mean meanwhile might
mine more moreover most mostly much must mustn my myself near need needed needs neither never
nevertheless next no nobody none noone nor not nothing now nowhere of off often oh ok okay on once
one ones only onto or other others otherwise ought our ours ourselves out over own per perhaps put
quite rather re really said same saw say says see seem seemed seeming seems seen several shall she
should shouldn since so some somebody somehow someone something sometimes somewhere soon still stuff
such sure take taken takes taking tell than that the their theirs them themselves then there thereby
therefore these they thing things think this those though through throughout thus to together too
took toward towards tried tries try trying two under unless until up upon us use used uses using
usually ve very via want wanted wants was wasn way ways we well went were weren what whatever when
whenever where whereas wherever whether which while who whoever whole whom whose why will with
within without won would wouldn yes yet you your yours yourself yourselves
"""
_ASKING = """
answer dear hello help hey hi please question questions reply respond thank thanks
"""

STOPWORDS = frozenset(_FUNCTION.split()) | frozenset(_ASKING.split())
"""Words that stand in the middle of a phrase at most, and are no keywords."""
