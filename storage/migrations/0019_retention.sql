-- Where somebody was and how their body did is kept for a shorter time than everything else that devices said.
create index report_about_people on report (occurred_at) where kind in (6, 10);
