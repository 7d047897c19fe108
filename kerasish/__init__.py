"""placeholder while the parts are being written"""
