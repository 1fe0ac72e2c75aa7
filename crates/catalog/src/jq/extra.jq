# What jq has and jaq's library lacks. `matches_`, `split_matches_` and `split__` are its regular
# expressions; `regex_cost` refuses what would take too long.
def matches($re; $flags): regex_cost($re) | matches_($re; $flags);
def split_matches($re; $flags): regex_cost($re) | split_matches_($re; $flags);
def split_($re; $flags): regex_cost($re) | split__($re; $flags);
