"""The same Claude as Amazon Bedrock offers it: signed requests, AWS's errors, AWS's event stream."""
