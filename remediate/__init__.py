"""remediate: fixes Windows servers no other tool reaches any more, safely and with proof."""

__version__ = "0.1.0"
