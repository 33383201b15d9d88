start_cards() { :; }
stop_cards() { :; }
judge_cards() { :; }
