-- No code calls it any more: that is what a post step waits for.
-- squawk-ignore ban-drop-function
DROP FUNCTION money.tend_v1();
