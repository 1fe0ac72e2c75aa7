def toarray: if isarray then . else [.] end;
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] = $row);
def INDEX(f): INDEX(.[]; f);
def ascii: [.] | implode;
def trimstr($s): ltrimstr($s) | rtrimstr($s);
def @csv: [.[] |
  if isstring then "\"" + (split("\"") | join("\"\"")) + "\""
  elif . == null then "" else tostring end] | join(",");
def @tsv: [.[] |
  if isstring then gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r")
  elif . == null then "" else tostring end] | join("\t");
