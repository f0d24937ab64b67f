"""The life of the service: build, READY, wait, reload, drain.

`service` is the main loop, `engine` what a reload replaces as a whole, `reporter` looks at the
store beside the loop, `endpoint` answers Prometheus and health probes, `watchdog` and `signals` are
the service manager's two ends.
"""
