"""Links that come by mail: each for one purpose, one account, once, and for a while."""
