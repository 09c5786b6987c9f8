# Every target calls a real tool; PYTHON=/path/to/python picks the Python that .venv is made with.
PYTHONS := python3 python3.13 python3.12 python3.11
PYTHON ?= $(firstword $(shell for p in $(PYTHONS); do command -v $$p; done; :) python3)
FIRST := notebooks/01_why_convolutions/01_why_convolutions.ipynb
SETUP = $(PYTHON) tools/setup.py
# Jupyter refuses root unless told; without a display it prints the address instead of opening a browser.
LAB_FLAGS := $(if $(filter 0,$(shell id -u)),--allow-root) \
  $(if $(DISPLAY)$(WAYLAND_DISPLAY)$(filter Darwin,$(shell uname -s)),,--no-browser)

.PHONY: setup lab test release grade bench site

setup:
	@$(SETUP)

lab:
	@$(SETUP)
	@.venv/bin/jupyter lab $(LAB_FLAGS) --LabApp.default_url=/lab/tree/$(FIRST)

# Two workers, whatever the machine has, each with one thread: more would contend for the cores.
test: export OMP_NUM_THREADS := 1
test:
	@$(SETUP) --extras test,instructor --browser --sandbox
	@.venv/bin/python -m pytest -n 2 --dist loadfile

release:
	@$(SETUP) --extras instructor
	@.venv/bin/python -m course_lib.instructor.release

# make grade ASSIGNMENT=02_kernels_by_hand OPTIONS="--workers 8"
grade:
	@$(SETUP) --extras instructor --sandbox
	@.venv/bin/python -m course_lib.instructor.grade $(ASSIGNMENT) $(OPTIONS)

# Half an hour, on a machine that does nothing else; the numbers go to data/, the tables to the pages.
bench:
	@$(SETUP) --extras test,instructor --browser --sandbox
	@.venv/bin/python -m benchmarks

# build/site/index.html: the course without a kernel and without a network. OPTIONS=--solutions for instructors.
site:
	@$(SETUP) --extras instructor
	@.venv/bin/python -m course_lib.instructor.site $(OPTIONS)
