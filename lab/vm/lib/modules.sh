make_modules() { :; }
