<#
Sets or takes back the proxy of the SYSTEM account (WinINET) and of the machine (WinHTTP). Runs as SYSTEM, by a managed run command.

What was there before the first set is kept under HKLM:\SOFTWARE\azbackup\Proxy; undo puts it back and removes that key.
It prints one line of JSON. Exit codes: 0 done, 1 not done.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)] [ValidateSet('set', 'undo')] [string] $Action,
    [ValidatePattern('\A[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\z')] [string] $ProxyHost,
    [ValidateRange(1, 65535)] [int] $ProxyPort
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$Internet = 'Registry::HKEY_USERS\S-1-5-18\Software\Microsoft\Windows\CurrentVersion\Internet Settings'
$Machine = 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings'
$Kept = 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE\azbackup\Proxy'
$Bypass = '168.63.129.16;169.254.169.254;<local>'

# All that this script changes. WinHttpSettings is written by netsh and put back by value.
$Values = @(
    @{ Key = $Internet; Name = 'ProxyEnable'; Type = 'DWord' },
    @{ Key = $Internet; Name = 'ProxyServer'; Type = 'String' },
    @{ Key = $Internet; Name = 'ProxyOverride'; Type = 'String' },
    @{ Key = "$Internet\Connections"; Name = 'DefaultConnectionSettings'; Type = 'Binary' },
    @{ Key = "$Internet\Connections"; Name = 'SavedLegacySettings'; Type = 'Binary' },
    @{ Key = "$Machine\Connections"; Name = 'WinHttpSettings'; Type = 'Binary' }
)

function Read-Value([string] $Key, [string] $Name) {
    if (-not (Test-Path -LiteralPath $Key)) { return $null }
    $value = (Get-Item -LiteralPath $Key).GetValue($Name, $null)
    # The comma keeps an array of bytes in one piece.
    return , $value
}

function Write-Value([string] $Key, [string] $Name, [string] $Type, $Value) {
    if (-not (Test-Path -LiteralPath $Key)) { New-Item -Path $Key -Force | Out-Null }
    New-ItemProperty -LiteralPath $Key -Name $Name -PropertyType $Type -Value $Value -Force | Out-Null
}

# Both binary forms: version, counter or zero, flags (2: a proxy), then the proxy's length and text, each number of four bytes.
function Test-Blob([byte[]] $Blob, [string] $Server) {
    if ($null -eq $Blob -or $Blob.Length -lt 16 + $Server.Length) { return $false }
    $proxied = ([BitConverter]::ToInt32($Blob, 8) -band 2) -eq 2
    $length = [BitConverter]::ToInt32($Blob, 12)
    return $proxied -and $length -eq $Server.Length -and [Text.Encoding]::ASCII.GetString($Blob, 16, $length) -eq $Server
}

function New-Blob([byte[]] $Before, [string] $Server) {
    $counter = 1
    if ($null -ne $Before -and $Before.Length -ge 8) { $counter = [BitConverter]::ToUInt16($Before, 4) + 1 }
    $stream = New-Object IO.MemoryStream
    $writer = New-Object IO.BinaryWriter($stream)
    foreach ($number in 0x46, $counter, 3, $Server.Length) { $writer.Write([int] $number) }
    $writer.Write([Text.Encoding]::ASCII.GetBytes($Server))
    $writer.Write([int] $Bypass.Length)
    $writer.Write([Text.Encoding]::ASCII.GetBytes($Bypass))
    # No address of a configuration script, and the rest of the form.
    $writer.Write((New-Object byte[] 36))
    $writer.Flush()
    return , $stream.ToArray()
}

function Test-Wanted([string] $Server) {
    foreach ($value in $Values) {
        $found = Read-Value $value.Key $value.Name
        switch ($value.Name) {
            'ProxyEnable' { $right = $found -eq 1 }
            'ProxyServer' { $right = $found -eq $Server }
            'ProxyOverride' { $right = $found -eq $Bypass }
            default { $right = Test-Blob $found $Server }
        }
        if (-not $right) { return $false }
    }
    return $true
}

# The mark is written last: a run that died on the way keeps everything again.
function Save-Before {
    if ((Read-Value $Kept 'Complete') -eq 1) { return }
    if (Test-Path -LiteralPath $Kept) { Remove-Item -LiteralPath $Kept -Recurse }
    New-Item -Path $Kept -Force | Out-Null
    foreach ($value in $Values) {
        $found = Read-Value $value.Key $value.Name
        if ($null -ne $found) { Write-Value $Kept $value.Name $value.Type $found }
    }
    Write-Value $Kept 'Complete' 'DWord' 1
}

function Set-Proxy([string] $Server) {
    foreach ($value in $Values) {
        switch ($value.Name) {
            'ProxyEnable' { Write-Value $value.Key $value.Name $value.Type 1 }
            'ProxyServer' { Write-Value $value.Key $value.Name $value.Type $Server }
            'ProxyOverride' { Write-Value $value.Key $value.Name $value.Type $Bypass }
            'WinHttpSettings' {
                & "$env:SystemRoot\System32\netsh.exe" winhttp set proxy "proxy-server=$Server" "bypass-list=$Bypass" | Out-Null
                if ($LASTEXITCODE -ne 0) { throw "netsh ended with code $LASTEXITCODE" }
            }
            default { Write-Value $value.Key $value.Name $value.Type (New-Blob (Read-Value $value.Key $value.Name) $Server) }
        }
    }
}

function Restore-Before {
    foreach ($value in $Values) {
        $before = Read-Value $Kept $value.Name
        if ($null -ne $before) {
            Write-Value $value.Key $value.Name $value.Type $before
        } elseif ($null -ne (Read-Value $value.Key $value.Name)) {
            Remove-ItemProperty -LiteralPath $value.Key -Name $value.Name
        }
    }
    Remove-Item -LiteralPath $Kept -Recurse
}

try {
    $changed = $false
    if ($Action -eq 'set') {
        if (-not $ProxyHost -or -not $ProxyPort) { throw 'set needs ProxyHost and ProxyPort' }
        $server = "${ProxyHost}:$ProxyPort"
        if (-not (Test-Wanted $server)) {
            Save-Before
            Set-Proxy $server
            $changed = $true
        }
    } elseif ((Read-Value $Kept 'Complete') -eq 1) {
        Restore-Before
        $changed = $true
    }
    @{ script = 'windows-proxy'; action = $Action; changed = $changed } | ConvertTo-Json -Compress
} catch {
    @{ script = 'windows-proxy'; error = "$_" } | ConvertTo-Json -Compress
    exit 1
}
