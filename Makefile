# 每个目标即 ./tiku 的同名命令 every target is ./tiku's verb of that name: ./tiku help
#   make data BANK="题库 (1).docx"   =   ./tiku data "题库 (1).docx"
# The variables of the line reach it as they were typed (commands/main.py): make expands none.

VERBS = demo data review train recipes download estimate check merge combine convert quantize \
        deploy stop proxy chat index evidence ask web eval report compare export upload verify trust doctor \
        gpu-check bench bench-serve test test-slow lint clean

# make would export them expanded: a question is never a command.
unexport $(foreach given,$(MAKEOVERRIDES),$(firstword $(subst =, ,$(given))))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help $(VERBS) lock

help $(VERBS):
	+@./tiku --make $@ $(MAKECMDGOALS)

env-%:
	@python3 requirements/install.py $*

# Resolve each stage anew from requirements/*.txt and note what came out.
lock:
	@python3 requirements/install.py --lock core train train-448 serve turbomind eval dev hub

# Anything else is a typo, and tiku knows what is near.
.DEFAULT:
	+@./tiku --make $@ $(MAKECMDGOALS)
