"""How good is the model: OpenCompass asks it, our metrics judge, one page says it.

``suites`` turns a domain's data into questions, ``parts`` holds our OpenCompass classes (the only
module that imports OpenCompass), ``run`` drives it, ``metrics`` and ``stats`` judge, ``report``
writes the card. All but ``parts`` run in the light core environment.
"""
