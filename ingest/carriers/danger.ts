/** Words under which makers speak of what a life may hang on, in the names of fields and in what they hold. */
export const danger =
  /alarm|fire|smoke|flame|gas|carbon|leak|fall|sos|emergency|help|烟|火|警|燃气|一氧化碳|跌倒|求助|求救|呼救/i;
